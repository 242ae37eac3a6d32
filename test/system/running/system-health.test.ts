/** What `/health` says of a process: how many partitions go on, which do not and why, and whether the log answers. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../services/platform/clock.ts';
import type { HealthState } from '../../../services/platform/http/health.ts';
import { type EventLog, LogError } from '../../../services/platform/log/event-log.ts';
import { Scorer } from '../../../services/scorer/scorer.ts';
import { systemHealth } from '../../../services/system/running/system-health.ts';
import type { Writer } from '../../../services/writer/writer.ts';
import { changed } from '../../crash/interruptions.ts';
import { ScoredLog } from '../../crash/scored-log.ts';

const silent = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };
/** Nobody waits for anything. */
const hurried = { ...systemClock, sleep: async () => {} };

let scored: ScoredLog;
beforeAll(async () => {
  scored = await ScoredLog.make(3);
});
afterAll(() => scored.remove());

type Looked = Parameters<typeof systemHealth>[0];

async function checksOf(over: Partial<Looked>, clock = systemClock): Promise<Readonly<Record<string, HealthState>>> {
  const looked = { scorer: null, writer: null, log: scored.log, groupTrouble: null, ...over } as Looked;
  return (await systemHealth(looked, clock).report()).checks;
}

const troubled = (count: number): Map<number, { message: string; isParked: boolean }> =>
  new Map(Array.from({ length: count }, (_, i) => [i, { message: `partition ${i}: a reason`, isParked: true }]));

const withOwned = (owned: readonly number[], troubles = troubled(0), failure: string | null = null): unknown => ({
  progressAtMs: systemClock.monotonicMs(),
  owned: () => new Map(owned.map((partition) => [partition, {}])),
  troubles: () => troubles,
  failure,
});
const scorerWith = (...[owned, troubles]: Parameters<typeof withOwned>): Scorer => withOwned(owned, troubles) as Scorer;
const writerWith = (...of: Parameters<typeof withOwned>): Writer => withOwned(...of) as Writer;

test('a partition that is tried again is not counted among those that are judged until it goes on', async () => {
  const second = Promise.withResolvers<void>();
  let reads = 0;
  const log = changed(scored.log, {
    async read(stream, partition, ...args) {
      if (stream === 'access' && partition === 2 && ++reads === 1) throw new LogError('log_corrupt', 'cannot be read');
      if (stream === 'access' && partition === 2) await second.promise;
      return scored.log.read(stream, partition, ...args);
    },
  });
  const options = { ...scored.options(log), clock: hurried, partitions: [0, 1, 2] };
  const scorer = new Scorer({ ...options, onRefused: 'park', observer: silent });
  await scorer.start();
  while (reads < 2 || scorer.owned().size < 3) await turn();
  const detail = '2 partitions are judged, 1 does not go on: partition 2: cannot be read';
  expect((await checksOf({ scorer })).partitions).toEqual({ ok: false, detail });
  second.resolve();
  while (scorer.troubles().size > 0) await turn();
  expect((await checksOf({ scorer })).partitions).toEqual({ ok: true, detail: '3 partitions are judged' });
  await scorer.stop();
});

describe('partitions', () => {
  test('that do not go on are said with their reasons, each once, as many as a person reads', async () => {
    const { partitions } = await checksOf({ scorer: scorerWith([7], troubled(6)) });
    const said = [0, 1, 2, 3, 4].map((partition) => `partition ${partition}: a reason`);
    expect(partitions).toEqual({ ok: false, detail: `1 partition is judged, 6 do not go on: ${said.join('; ')}` });
  });

  test('nobody knows of while the group does not have this process', async () => {
    const { partitions } = await checksOf({ scorer: scorerWith([]), groupTrouble: 'not a member' });
    expect(partitions).toMatchObject({ ok: false, detail: expect.stringContaining('does not have this process: not a member') });
  });

  test('that were added to the topic are judged by nobody', async () => {
    const more = changed(scored.log, { partitionsNow: async () => ({ topic: 'ntk.access.v1', partitions: 4 }) });
    const { partitions } = await checksOf({ scorer: scorerWith([0]), log: more });
    expect(partitions).toMatchObject({ ok: false, detail: expect.stringContaining('has 4 partitions and the log 3') });
    const away = changed(scored.log, { partitionsNow: () => Promise.reject(new LogError('log_unreachable', 'away')) });
    const unknown = await checksOf({ scorer: scorerWith([0]), log: away });
    expect(unknown.partitions).toEqual({ ok: true, detail: '1 partition is judged' });
  });

  test('that cannot be stored by themselves are not well; a ClickHouse that is away is said, and takes nothing out of service', async () => {
    expect((await checksOf({ writer: writerWith([1, 2], troubled(1)) })).stored).toEqual({
      ok: false,
      detail: '2 partitions are stored, 1 does not go on: partition 0: a reason',
    });
    expect((await checksOf({ writer: writerWith([0], troubled(0), 'NETWORK_ERROR') })).stored).toEqual({
      ok: true,
      detail: '1 partition is stored, storing fails and is tried again: NETWORK_ERROR',
    });
  });
});

describe('a loop', () => {
  test.each([
    ['scorer', 15_000],
    ['writer', 60_000],
  ] as const)('of the %s that has not gone round for more than %i ms is not well', async (name, limitMs) => {
    const still = { ...(withOwned([]) as object), progressAtMs: 1_000 };
    const isWell = async (agoMs: number): Promise<boolean> =>
      (await checksOf({ [name]: still }, { ...systemClock, monotonicMs: () => 1_000 + agoMs }))[name]!.ok;
    expect([await isWell(limitMs), await isWell(limitMs + 1)]).toEqual([true, false]);
  });
});

describe('the log', () => {
  const logOf = async (changes: Partial<EventLog>, clock = systemClock): Promise<HealthState> =>
    (await checksOf({ log: changed(scored.log, changes) }, clock)).log!;

  test('is well when it answers, not when it fails, and not when it says nothing in time', async () => {
    expect(await logOf({})).toEqual({ ok: true, detail: 'the log answers' });
    const failing = await logOf({ bounds: () => Promise.reject(new LogError('log_unreachable', 'away')) });
    expect(failing).toEqual({ ok: false, detail: 'away' });
    const silentLog = await logOf({ bounds: () => new Promise(() => {}) }, hurried);
    expect(silentLog).toEqual({ ok: false, detail: 'the log has not answered for 2000 ms' });
  });

  test('is well, and its end not waited for, while a transaction of somebody else is open', async () => {
    const open = { topic: '', from: 1, to: 2, sinceMs: systemClock.nowMs() };
    const bounds = (): never => expect.unreachable('its end is waited for until the transaction ends');
    expect(await logOf({ bounds, undecided: async () => open })).toEqual({ ok: true, detail: 'the log answers' });
    const stuck = { ...open, sinceMs: systemClock.nowMs() - 60_000 };
    expect(await logOf({ bounds, undecided: async () => stuck })).toMatchObject({
      ok: true,
      detail: expect.stringContaining('a transaction has not ended for a while'),
    });
  });
});
