/**
 * Which policies and keys a log has seen and which of them count, read from the log itself: partition 0 has a copy of every one.
 * Where its beginning has aged out, what was known then is taken from the oldest checkpoint that the log still reaches.
 * Records are only parsed where the bytes say `ntk.policy` or `ntk.key`, so that a million accesses cost a fraction of a second.
 */
import type { AuthorityProblem, SignedType } from '../../../schemas/codes.ts';
import { Admission, type SignedRecord } from '../../domain/authority/admission.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { encodingOf } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import { PartitionState } from '../../domain/fold/partition-state.ts';
import { SigningKeys, type KnownKey } from '../../domain/state/signing-keys.ts';
import { ProgramTable } from '../../domain/state/program-table.ts';
import type { EventLog, RecordBatch } from '../../platform/log/event-log.ts';
import { readBatches } from '../../platform/log/read-batches.ts';
import { CheckpointStore } from '../../scorer/checkpoint-store.ts';
import { recordsWith } from './records-with.ts';

type Recorded = Extract<SignedRecord, { type: 'ntk.policy' | 'ntk.key' }>;

/** A policy or a key in the order of the log; repeats are left out. */
interface AuthorityFact {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly record: Recorded;
  /** Who published it, where the record says so. */
  readonly by: string;
  /** Of the key that signed it; empty when there is none. */
  readonly signedBy: string;
  /** Null: it took effect. */
  readonly refused: AuthorityProblem | null;
}

export interface AuthorityLog {
  readonly facts: readonly AuthorityFact[];
  /** Keys by id that were known before the first of `facts`, in a log that no longer begins at its first record. */
  readonly knownBefore: ReadonlyMap<string, KnownKey>;
  /** Nothing is missing: a key that neither facts nor `knownBefore` name is not in force. */
  readonly isWhole: boolean;
  /** Time of the newest policy that counted by signature, milliseconds since 1970; 0 without one. */
  readonly policyMs: number;
  /** Why a key may not sign a type at the end of the log; null when it may, or when nobody asks for signatures. */
  keyProblem(type: SignedType, keyid: string): AuthorityProblem | null;
}

const NEEDLES = [Buffer.from('ntk.policy'), Buffer.from('ntk.key')];
const READ = { maxRecords: 20_000, maxBytes: 16 * 1024 * 1024 };

export async function readAuthorityLog(log: EventLog, authority: Authority): Promise<AuthorityLog> {
  const { start } = await log.bounds('access', 0);
  // Where nobody asks for signatures there is nothing to know beforehand.
  const before =
    start === 0 || authority.mode === 'open' ? new PartitionState(log.logId, 0, log.partitions) : await stateBehind(log, start);
  const knownBefore = new Map(before?.keys.all());
  const reader = new AuthorityReader(log.logId, authority, before?.keys ?? new SigningKeys(), before?.position ?? 0);
  for await (const batch of readBatches(log, 'access', 0, READ)) reader.take(batch);
  const keyProblem = reader.keyProblem.bind(reader);
  return { facts: reader.facts, knownBefore, isWhole: before !== null, policyMs: reader.policyMs, keyProblem };
}

/** Partition 0 as it was at the oldest checkpoint at or behind `start`, its head alone; null when none can be read. */
async function stateBehind(log: EventLog, start: number): Promise<PartitionState | null> {
  const checkpoints = new CheckpointStore(log, 0);
  await checkpoints.open();
  for (const manifest of checkpoints.candidates(Number.POSITIVE_INFINITY).reverse()) {
    const head = manifest.offset < start ? null : await checkpoints.head(manifest);
    if (head === null) continue;
    const state = new PartitionState(log.logId, 0, log.partitions);
    state.restoreHead(head);
    return state;
  }
  return null;
}

/** Asks what the fold asks, of these records alone; what counts of them depends on nothing else. */
class AuthorityReader {
  readonly facts: AuthorityFact[] = [];
  readonly #keys: SigningKeys;
  /** What lies below is in the keys already. */
  readonly #from: number;
  readonly #programs = new ProgramTable();
  readonly #admission: Admission | null;
  readonly #seen = new Set<string>();

  constructor(logId: string, authority: Authority, keys: SigningKeys, from: number) {
    this.#keys = keys;
    this.#from = from;
    this.#admission = authority.mode === 'open' ? null : new Admission(logId, this.#keys, authority.roots);
  }

  get policyMs(): number {
    return Math.max(0, Math.ceil(this.#keys.policyUs / 1000));
  }

  keyProblem(type: SignedType, keyid: string): AuthorityProblem | null {
    return this.#admission?.keyProblem(type, keyid) ?? null;
  }

  take(batch: RecordBatch): void {
    const { bytes, starts, offsets } = batch;
    for (const i of recordsWith(batch, NEEDLES)) {
      const raw = bytes.subarray(starts[i], starts[i + 1]);
      const record = parseRecord(raw, 0, raw.length, encodingOf(raw));
      const isNew = offsets[i]! >= this.#from;
      if (isNew && (record.type === 'ntk.policy' || record.type === 'ntk.key')) this.#see(record, raw, batch, i);
    }
  }

  #see(record: Recorded, raw: Buffer, { offsets, appendedAtMs, origins }: RecordBatch, i: number): void {
    const arrival = { appendedAtMs: appendedAtMs[i]!, origin: origins[i]! };
    let refused = this.#admission?.signatureProblem(record.type, raw) ?? null;
    const key = JSON.stringify([record.attributes.source, record.attributes.id]);
    if (refused === null) {
      if (this.#seen.has(key)) return;
      const everybody = this.#programs.of(record.attributes.subject);
      refused = this.#admission?.timeProblem(record, everybody, arrival) ?? null;
      if (refused === null) {
        this.#seen.add(key);
        this.#admission?.applied(record, everybody, this.#programs);
      }
    }
    const { by, keyid } = JSON.parse(raw.toString('utf8')) as { by?: unknown; keyid?: unknown };
    this.facts.push({
      offset: offsets[i]!,
      appendedAtMs: arrival.appendedAtMs,
      record,
      by: textOf(by) || (record.type === 'ntk.key' ? record.data.by : ''),
      signedBy: textOf(keyid),
      refused,
    });
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
