/** Judges the records of one case with the fold itself, as `ntk run` would, and says what came out otherwise than expected. */
import { ACTIONS, type Action, type Reason, REASONS } from '../../../schemas/codes.ts';
import { durationUs } from '../../../schemas/policy/duration.ts';
import {
  CASE_RECORDS_MAX,
  type PolicyTest,
  recordsOf,
  type TestCase,
  type TestExpectation,
  type TestRecord,
} from '../../../schemas/policy/policy-test.ts';
import { ORIGIN } from '../../../schemas/codes.ts';
import { OPEN } from '../authority/authority.ts';
import { PartitionFold } from '../fold/fold.ts';
import { parseTimeUs } from '../record/time.ts';
import type { ResultRow } from '../results/row.ts';
import { counted } from '../wording/counted.ts';

export interface CaseVerdict {
  readonly verdict: Action;
  readonly proposed: Action;
  readonly reasons: readonly Reason[];
  readonly effective: Readonly<Partial<Record<Reason, Action>>>;
  readonly limit: string;
  readonly remedy: string;
}

/** One thing that is otherwise; `found` and `expected` as a person reads them. */
export interface Difference {
  readonly what: keyof TestExpectation | 'records';
  readonly expected: string;
  readonly found: string;
}

export interface CaseResult {
  readonly name: string;
  /** Empty: the case passes. */
  readonly differences: readonly Difference[];
  /** Null when the last record was not judged. */
  readonly found: CaseVerdict | null;
}

const START_US = parseTimeUs('2026-01-01T00:00:00Z');
const SECOND_US = 1_000_000;
const LAST_US = parseTimeUs('2254-12-31T23:59:59Z');

/** @param policy the document as written, already checked */
export function runCase(policy: unknown, { facts }: Pick<PolicyTest, 'facts'>, one: TestCase): CaseResult {
  const { name, expect } = one;
  const events = eventsOf(recordsOf(facts, one.given));
  if (events === null) {
    const expected = `at most ${CASE_RECORDS_MAX} records before 2255`;
    return { name, found: null, differences: [{ what: 'records', expected, found: 'more, or later ones' }] };
  }
  const { verdicts, rejected, duplicates, last } = fold(policy, events);
  const differences: Difference[] = [];
  if (rejected.length > 0) differences.push({ what: 'records', expected: 'readable records', found: rejected.join(', ') });
  if (duplicates > 0) differences.push({ what: 'records', expected: 'no duplicates', found: counted(duplicates, 'duplicate') });
  const found = verdicts.get(last) ?? null;
  if (found === null) return { name, found, differences };
  return { name, found, differences: [...differences, ...differencesOf(expect, found)] };
}

interface TestEvent {
  readonly type: string;
  readonly subject: string;
  readonly timeUs: number;
  readonly data: unknown;
}

/** Null when there are too many, or the last is too late. */
function eventsOf(records: readonly TestRecord[]): readonly TestEvent[] | null {
  const events: TestEvent[] = [];
  let nowUs = START_US - SECOND_US;
  for (const record of records) {
    const { program, time, after, times = 1, every, ...kinds } = record;
    const [kind, data] = Object.entries(kinds).find(([, given]) => given !== undefined)!;
    const everyUs = every === undefined ? SECOND_US : Number(durationUs(every));
    nowUs = time === undefined ? nowUs + (after === undefined ? SECOND_US : Number(durationUs(after))) : parseTimeUs(time);
    if (events.length + times > CASE_RECORDS_MAX || nowUs + (times - 1) * everyUs > LAST_US) return null;
    for (let i = 0; i < times; i++) {
      if (i > 0) nowUs += everyUs;
      events.push({ type: `ntk.${kind}`, subject: kind === 'erasure' ? '*' : program, timeUs: nowUs, data });
    }
  }
  return events;
}

interface Folded {
  readonly verdicts: ReadonlyMap<number, CaseVerdict>;
  readonly rejected: readonly string[];
  readonly duplicates: number;
  /** Offset of the last record. */
  readonly last: number;
}

/** One partition, so that all programs of the case are in it; the policy first, then times as they are. */
function fold(policy: unknown, events: readonly TestEvent[]): Folded {
  const records = [{ type: 'ntk.policy', subject: '*', timeUs: START_US, data: policy }, ...events].map(
    ({ type, subject, timeUs, data }, i) =>
      Buffer.from(
        JSON.stringify({ specversion: '1.0', id: String(i), source: 'policy-test', type, subject, time: timeOf(timeUs), data }),
      ),
  );
  const starts = new Uint32Array(records.length + 1);
  records.forEach((record, i) => (starts[i + 1] = starts[i]! + record.length));
  const input = {
    count: records.length,
    bytes: Buffer.concat(records),
    starts,
    offsets: Float64Array.from(records, (_, i) => i),
    appendedAtMs: new Float64Array(records.length).fill(START_US / 1000),
    origins: Uint8Array.from(records, (_, i) => (i === 0 ? ORIGIN.system : ORIGIN.run)),
    nextOffset: records.length,
  };
  const folding = new PartitionFold({
    logId: 'policy-test',
    partition: 0,
    partitions: 1,
    storedUser: (user) => user,
    authority: OPEN,
  });
  const verdicts = new Map<number, CaseVerdict>();
  const rejected: string[] = [];
  let duplicates = 0;
  while (folding.state.position < input.nextOffset) {
    const outcome = folding.fold(input, 0, (output) => verdicts.set(output.offset, verdictOf(output)));
    duplicates += outcome.duplicates;
    for (const text of outcome.rejected) {
      const { offset, reason } = JSON.parse(text) as { offset: number; reason: string };
      rejected.push(`record ${offset} is rejected (${reason})`);
    }
  }
  return { verdicts, rejected, duplicates, last: records.length - 1 };
}

/** With its microseconds: limits count in them. */
function timeOf(us: number): string {
  const iso = new Date(Math.floor(us / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
}

function verdictOf({ judgement }: ResultRow): CaseVerdict {
  const { findings, refusal, remedy } = judgement;
  const reasons = findings.reasons.map((reason) => REASONS[reason]!);
  return {
    verdict: ACTIONS[findings.verdict]!,
    proposed: ACTIONS[findings.proposed]!,
    reasons,
    effective: Object.fromEntries(reasons.map((reason, i) => [reason, ACTIONS[findings.effective[i]!]!])),
    limit: refusal?.limit.name ?? '',
    remedy,
  };
}

function differencesOf(expect: TestExpectation, found: CaseVerdict): Difference[] {
  const differences: Difference[] = [];
  for (const what of ['verdict', 'proposed', 'limit'] as const) {
    const expected = expect[what];
    if (expected !== undefined && expected !== found[what])
      differences.push({ what, expected: expected || 'none', found: found[what] || 'none' });
  }
  const { reasons, effective = {}, remedy } = expect;
  if (reasons !== undefined) {
    const inOrder = REASONS.filter((reason) => reasons.includes(reason));
    if (inOrder.join() !== found.reasons.join())
      differences.push({ what: 'reasons', expected: listed(inOrder), found: listed(found.reasons) });
  }
  for (const [reason, expected] of Object.entries(effective) as [Reason, Action][]) {
    const effect = found.effective[reason];
    if (effect !== expected)
      differences.push({
        what: 'effective',
        expected: `${reason} ${expected}`,
        found: effect === undefined ? `no ${reason}` : `${reason} ${effect}`,
      });
  }
  if (remedy !== undefined && !found.remedy.includes(remedy))
    differences.push({ what: 'remedy', expected: `… ${remedy} …`, found: found.remedy || 'none' });
  return differences;
}

function listed(reasons: readonly Reason[]): string {
  return reasons.length === 0 ? 'none' : reasons.join(' ');
}
