/**
 * Evidence of one verdict: JSON of at most 2 KiB with what each check compared, what would have been ordinary, and the
 * remedy. A function of the log alone, so that it can be recomputed bit for bit. Never holds a user id.
 */
import { ACTIONS, MODES, REASONS } from '../../../schemas/codes.ts';
import type { Baselines } from '../baselines/baselines.ts';
import { FEATURES } from '../baselines/features.ts';
import type { Findings } from './findings.ts';

export const EVIDENCE_BYTES_MAX = 2048;
const STRING_CHARACTERS_MAX = 96;
const LIST_MEMBERS_MAX = 8;

/** Long strings and lists are cut; the cut is visible. */
function clip(value: unknown): unknown {
  if (typeof value === 'string') return clipString(value);
  if (Array.isArray(value)) {
    const members = value.slice(0, LIST_MEMBERS_MAX).map(clip);
    return value.length > LIST_MEMBERS_MAX ? [...members, `… ${value.length - LIST_MEMBERS_MAX} more`] : members;
  }
  return value;
}

function clipString(text: string): string {
  if (text.length <= STRING_CHARACTERS_MAX) return text;
  // Not in the middle of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text[STRING_CHARACTERS_MAX - 1]!) ? STRING_CHARACTERS_MAX - 1 : STRING_CHARACTERS_MAX;
  return `${text.slice(0, end)}…`;
}

function clipAll(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (Object.values(record).every(isShort)) return record;
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, clip(value)]));
}

/** Nothing to cut, as nearly always. */
function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= STRING_CHARACTERS_MAX;
  return !Array.isArray(value) || (value.length <= LIST_MEMBERS_MAX && value.every(isShort));
}

export interface EvidenceFinding {
  readonly reason: string;
  readonly action: string;
  readonly mode: string;
  readonly effect: string;
  readonly observed?: Readonly<Record<string, unknown>>;
  /** What would have been ordinary: the counterfactual. */
  readonly expected?: Readonly<Record<string, unknown>>;
}

export interface BaselineEvidence {
  /** The contributions sum to it. */
  readonly score: number;
  /** What it took for an alarm: the counterfactual of the score. */
  readonly threshold: number;
  readonly contributions: Readonly<Record<string, number>>;
}

export interface Evidence {
  readonly findings: readonly EvidenceFinding[];
  readonly remedy: string;
  /** What the baselines say of an access that alarmed. */
  readonly baseline?: BaselineEvidence;
  /** True when what was compared did not fit. */
  readonly cut?: boolean;
}

export function evidenceJson(findings: Findings, remedy: string, baselines: Baselines | null = null): string {
  const baseline = baselineEvidence(baselines);
  const list: EvidenceFinding[] = findings.reasons.map((reason, i) => ({
    reason: REASONS[reason]!,
    action: ACTIONS[findings.actions[i]!]!,
    mode: MODES[findings.modes[i]!]!,
    effect: ACTIONS[findings.effective[i]!]!,
    observed: clipAll(findings.compared[i]!.observed),
    expected: clipAll(findings.compared[i]!.expected),
  }));
  const whole = JSON.stringify({ findings: list, baseline, remedy });
  if (whole.length <= EVIDENCE_BYTES_MAX && Buffer.byteLength(whole) <= EVIDENCE_BYTES_MAX) return whole;
  const bare = list.map(({ reason, action, mode, effect }) => ({ reason, action, mode, effect }));
  const short = JSON.stringify({ findings: bare, baseline, remedy, cut: true });
  if (Buffer.byteLength(short) <= EVIDENCE_BYTES_MAX) return short;
  return JSON.stringify({ findings: bare, remedy: '', cut: true } satisfies Evidence);
}

/** Undefined unless they alarmed. */
export function baselineEvidence(baselines: Baselines | null): BaselineEvidence | undefined {
  if (baselines?.isAlarm !== true) return undefined;
  const { score, threshold, contributions } = baselines;
  const parts = FEATURES.map((feature, i) => [feature, contributions[i]!] as const).filter(([, amount]) => amount !== 0);
  return { score, threshold: Math.round(threshold * 100) / 100, contributions: Object.fromEntries(parts) };
}
