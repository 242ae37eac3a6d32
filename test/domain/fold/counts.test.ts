/** What becomes of one record, by where it is and how it came in, in the counts of the ledger. */
import { describe, expect, test } from 'vitest';
import { ORIGIN } from '../../../schemas/codes.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { partitionOf } from '../../reference/partitions.ts';
import { foldInput, newFold } from './partitioned.ts';

const PARTITIONS = 4;
const HERE = 2;
const programOn = (partition: number): string =>
  Array.from({ length: 99 }, (_, i) => `wx${i}`).find((id) => partitionOf(id, PARTITIONS) === partition)!;

const ACCESS = { type: 'ntk.access', subject: programOn(HERE), data: { user: 'u', api: 'a' } };
const ELSEWHERE = { ...ACCESS, subject: programOn(3) };
const CONSENT = { type: 'ntk.consent', subject: programOn(HERE), data: { user: 'u', state: 'granted', categories: ['*'] } };
const POLICY = { type: 'ntk.policy', subject: '*', data: { version: 'p' } };
const BAD_POLICY = { ...POLICY, data: { version: 7 } };
const heartbeat = (data: object): Event => ({ type: 'ntk.heartbeat', subject: '*', data });

/** With the id of the first. */
const again = (event: Event): Event => ({ ...event, id: '0' });

interface Event {
  readonly id?: string;
  readonly type: string;
  readonly subject: string;
  readonly data: object;
}

function folded(events: readonly Event[], partition: number, origin: number): BatchOutcome {
  const fold = newFold({ partition, partitions: PARTITIONS });
  const placed = events.map((event, i) => {
    const value = Buffer.from(
      JSON.stringify({ specversion: '1.0', id: `${i}`, source: 's', time: '2026-01-01T00:00:00Z', ...event }),
    );
    return { value, record: i, origin };
  });
  return fold.fold(foldInput(placed, { from: 0, to: placed.length }), 0);
}

/** Counts that are not 0. */
function countsOf(outcome: BatchOutcome): object {
  const { duplicates, copies, heartbeats, policiesRejected, liveRecords, rowOffsets, facts, rejects } = outcome;
  const counts = { accesses: rowOffsets.length, duplicates, copies, heartbeats, policiesRejected, liveRecords };
  return { ...Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0)), ...facts, ...rejects };
}

describe('in the ledger', () => {
  test.each<[string, Event[], partition: number, object]>([
    ['an access is one of its partition', [ACCESS], HERE, { accesses: 1 }],
    ['one that belongs elsewhere is a reject, as often as it comes', [ELSEWHERE, ELSEWHERE], HERE, { wrong_partition: 2 }],
    ['so is a fact', [CONSENT], 1, { wrong_partition: 1 }],
    ['a fact is one of its type', [CONSENT], HERE, { 'ntk.consent': 1 }],
    ['a policy is one on the first partition', [POLICY], 0, { 'ntk.policy': 1 }],
    ['of which every other has a copy', [POLICY], HERE, { copies: 1 }],
    ['one that does not check is a reject on the first', [BAD_POLICY], 0, { invalid_data: 1, policiesRejected: 1 }],
    ['of which every other has a copy, too', [BAD_POLICY], HERE, { copies: 1 }],
    ['an id that comes again is a duplicate', [ACCESS, again(ACCESS)], HERE, { accesses: 1, duplicates: 1 }],
    ['also under another type', [CONSENT, again(ACCESS)], HERE, { 'ntk.consent': 1, duplicates: 1 }],
    ['of a policy, too', [POLICY, again(POLICY)], 0, { 'ntk.policy': 1, duplicates: 1 }],
    ['which is one more copy on every other partition', [POLICY, again(POLICY)], HERE, { copies: 2 }],
    ['another record with unsound data is no policy', [{ ...ACCESS, data: {} }], HERE, { invalid_data: 1 }],
    ['a heartbeat is one where it was sent', [heartbeat({ partition: HERE })], HERE, { heartbeats: 1 }],
    ['and where it names no partition', [heartbeat({})], HERE, { heartbeats: 1 }],
    ['but a reject elsewhere', [heartbeat({}), heartbeat({ partition: 1 })], HERE, { heartbeats: 1, wrong_partition: 1 }],
  ])('%s', (_, events, partition, expected) => {
    expect(countsOf(folded(events, partition, ORIGIN.run))).toEqual(expected);
  });

  test('what came in live or by an import is that, too, whatever became of it', () => {
    const events = [ACCESS, CONSENT, ELSEWHERE];
    const counts = { accesses: 1, 'ntk.consent': 1, wrong_partition: 1 };
    for (const origin of [ORIGIN.live, ORIGIN.imported])
      expect(countsOf(folded(events, HERE, origin))).toEqual({ ...counts, liveRecords: 3 });
    expect(countsOf(folded(events, HERE, ORIGIN.run))).toEqual(counts);
  });

  test('records of a host are counted by when they arrived, each once', () => {
    const fold = newFold({ partition: HERE, partitions: PARTITIONS });
    const values = [5, 5, 7, 5].map((atMs, record) => ({ value: Buffer.from('{'), record, origin: ORIGIN.live, atMs }));
    const input = { ...foldInput(values, { from: 0, to: 4 }), appendedAtMs: Float64Array.from(values, ({ atMs }) => atMs) };
    expect([...fold.fold(input, 0).liveArrivals]).toEqual([
      [5, 3],
      [7, 1],
    ]);
  });

  test('the policy that a command puts in front is a copy on every partition', () => {
    for (const partition of [0, HERE]) expect(countsOf(folded([POLICY], partition, ORIGIN.system))).toEqual({ copies: 1 });
  });

  test('a source was seen when a host reports, which history and who publishes for all do not', () => {
    const seen = (event: Event, origin: number): object =>
      Object.fromEntries(folded([event], event === POLICY ? 0 : HERE, origin).tally.sourcesSeenMs);
    for (const origin of [ORIGIN.live, ORIGIN.imported]) expect(seen(ACCESS, origin)).toEqual({ s: 1_700_000_000_000 });
    expect(seen(ACCESS, ORIGIN.run)).toEqual({});
    expect(seen(POLICY, ORIGIN.live)).toEqual({});
  });

  test('a heartbeat is answered where verdicts are, under no program', () => {
    const { verdicts, verdictPrograms } = folded([heartbeat({})], HERE, ORIGIN.live);
    expect(verdicts.map((text) => JSON.parse(text) as object)).toEqual([
      { type: 'ntk.heartbeat', eventId: '0', source: 's', decidedAt: '1970-01-01T00:00:00.000Z' },
    ]);
    expect(verdictPrograms).toEqual([null]);
  });
});
