/** One result row, in the order of ROW_COLUMNS. */
import { REASONS } from '../../../schemas/codes.ts';
import type { Baselines } from '../baselines/baselines.ts';
import { FEATURE_COUNT, FEATURES } from '../baselines/features.ts';
import { ENGINE_VERSION } from '../engine.ts';
import { type AccessTexts, type Attributes, TEXT } from '../record/record.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { RowTails } from './row-tails.ts';
import type { RowWriter } from './row-writer.ts';

/** A string where it stands in bytes, in UTF-8. */
export interface StoredValue {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The string itself. */
  readonly text: string;
}

/** One judged access and where it stands. */
export interface ResultRow {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly attributes: Attributes;
  readonly texts: AccessTexts | null;
  /** As stored, a keyed hash by default: `bytes[start, end)`, until the next access. */
  readonly user: StoredValue;
  readonly judgement: Judgement;
}

/** An upper bound of the bytes of all fixed-size columns of a row. */
const FIXED_BYTES_MAX = 256;

const tails = new RowTails();

export function writeRow(out: RowWriter, row: ResultRow): void {
  const { attributes, judgement, texts } = row;
  const { subject } = judgement;
  const { program, className, policy } = subject;
  out.reserve(FIXED_BYTES_MAX);
  out.uint64(row.offset);
  if (texts === null) out.string(attributes.id);
  else copyText(out, texts, TEXT.id);
  writeText(out, texts, TEXT.source, attributes.source);
  out.reserve(FIXED_BYTES_MAX);
  out.uint64(Math.floor(subject.eventTimeUs / 1000));
  out.uint64(row.appendedAtMs);
  writeText(out, texts, TEXT.subject, attributes.subject);
  out.string(program.declaration?.developer ?? '');
  out.string(className);
  out.text(row.user.bytes, row.user.start, row.user.end);
  const end = texts === null || !isOrdinary(judgement) ? null : texts.end;
  const version = program.declaration?.version ?? 0;
  if (end !== null && tails.write(out, end, policy, version)) return;
  const start = out.length;
  writeTail(out, texts, judgement, version);
  if (end !== null) tails.keep(out, start, end, policy, version);
}

/** Nothing was found, and nothing is to be said beside it. */
function isOrdinary({ findings, baselines, notes }: Judgement): boolean {
  return findings.count === 0 && baselines === null && notes.length === 0;
}

/** What stands behind the user. */
function writeTail(out: RowWriter, texts: AccessTexts | null, judgement: Judgement, declarationVersion: number): void {
  const { subject, findings, refusal } = judgement;
  const { access, policy } = subject;
  writeText(out, texts, TEXT.api, access.api);
  out.string(subject.category);
  writeText(out, texts, TEXT.purpose, access.purpose);
  out.reserve(FIXED_BYTES_MAX);
  out.uint8(access.foreground ? 1 : 0);
  out.uint64(access.rows);
  out.uint64(access.bytes);
  out.string(access.outcome);
  out.reserve(FIXED_BYTES_MAX);
  out.uint8(findings.verdict);
  out.uint8(findings.proposed);
  out.varint(findings.count);
  for (const reason of findings.reasons) out.string(REASONS[reason]!);
  out.reserve(FIXED_BYTES_MAX);
  out.varint(findings.count);
  for (const effect of findings.effective) out.uint8(effect);
  out.string(refusal?.limit.name ?? '');
  out.reserve(FIXED_BYTES_MAX);
  out.uint64(refusal?.retryAfterMs ?? 0);
  writeText(out, texts, TEXT.page, access.page);
  out.string(access.link?.kind ?? '');
  out.string(access.link?.host ?? '');
  writeStrings(out, access.fields ?? []);
  out.reserve(FIXED_BYTES_MAX);
  out.uint64(access.durationMs);
  out.string(judgement.evidence);
  out.reserve(FIXED_BYTES_MAX);
  out.uint16(ENGINE_VERSION);
  writeScore(out, judgement.baselines);
  out.reserve(FIXED_BYTES_MAX);
  out.raw(policy.hash);
  out.uint32(declarationVersion);
  writeStrings(out, judgement.notes);
}

/** The score and what it is made of: contributions are few binary places long, so they sum to it exactly. Null: nothing to say. */
function writeScore(out: RowWriter, baselines: Baselines | null): void {
  if (baselines === null) {
    out.uint32(0);
    out.varint(0);
    return;
  }
  out.float32(baselines.score);
  let count = 0;
  for (const contribution of baselines.contributions) if (contribution !== 0) count++;
  out.varint(count);
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const contribution = baselines.contributions[feature]!;
    if (contribution === 0) continue;
    out.string(FEATURES[feature]!);
    out.reserve(FIXED_BYTES_MAX);
    out.float32(contribution);
  }
}

function writeText(out: RowWriter, texts: AccessTexts | null, which: number, text: string): void {
  if (texts === null) out.string(text);
  else copyText(out, texts, which);
}

function copyText(out: RowWriter, { bytes, places }: AccessTexts, which: number): void {
  out.text(bytes, places[2 * which]!, places[2 * which + 1]!);
}

function writeStrings(out: RowWriter, strings: readonly string[]): void {
  out.reserve(16);
  out.varint(strings.length);
  for (const text of strings) out.string(text);
}
