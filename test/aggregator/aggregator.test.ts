/** The aggregator on a real log: results of four partitions in, priors into every partition, said once whoever is started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORIGIN } from '../../schemas/codes.ts';
import { Aggregator, type PriorRecord } from '../../services/aggregator/aggregator.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { blocksOf } from '../../services/domain/results/block.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { LogError } from '../../services/platform/log/event-log.ts';
import { readBatches } from '../../services/platform/log/read-batches.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { Scorer } from '../../services/scorer/scorer.ts';
import { priorPublisher } from '../../services/system/facts/prior-publisher.ts';
import { changed } from '../crash/interruptions.ts';
import { PARTITIONS, type Program, SmallPlatform } from '../domain/aggregation/small-platform.ts';

const READ = { maxRecords: 10_000, maxBytes: 16 * 1024 * 1024 };
/** Nobody waits for anything. */
const hurried = { ...systemClock, sleep: async () => systemClock.turn() };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.turn();
}

const silent = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };
const programs = Array.from(
  { length: 24 },
  (_, i): Program => ({
    id: `program${i}`,
    developer: `developer${i % 5}`,
    className: 'maps',
    from: 0,
    accesses: 3,
    shares: () => [0.25, 0.3, 0.35, 0.1],
  }),
);

let folder: string;
let log: SqliteEventLog;
let traffic: SmallPlatform;

async function open(): Promise<void> {
  traffic = new SmallPlatform(programs, { isAggregated: false });
  folder = mkdtempSync(join(tmpdir(), 'ntk-aggregator-'));
  log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, partitions: PARTITIONS, clock: systemClock });
}

async function close(): Promise<void> {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
}

beforeEach(open);
afterEach(close);

async function append(from: number, to: number): Promise<void> {
  const before = traffic.log.map((records) => records.length);
  if (from === 0) before.fill(0);
  traffic.runHours(from, to);
  await log.commit({
    appends: traffic.log.map((records, partition) => ({
      stream: 'access' as const,
      partition,
      values: records.slice(before[partition]).map(({ value }) => value),
      origin: ORIGIN.run,
    })),
  });
}

/** Judges all that is in the log. */
async function score(): Promise<void> {
  const scorer = new Scorer({
    log,
    partitions: Array.from({ length: PARTITIONS }, (_, partition) => partition),
    clock: systemClock,
    storedUser: (user) => user,
    authority: OPEN,
    batchRecordsMax: 500,
    batchBytesMax: 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 86_400_000,
    observer: silent,
  });
  await scorer.start();
  while (!(await scorer.isDrained())) await systemClock.turn();
  await scorer.stop();
}

function newAggregator(onPublish: (record: PriorRecord) => void = () => {}): Aggregator {
  const publish = priorPublisher(log, OPEN, null);
  return new Aggregator({
    log,
    clock: systemClock,
    publish: async (record, put) => {
      onPublish(record);
      await publish(record, put);
    },
  });
}

async function aggregate(aggregator: Aggregator): Promise<number> {
  await aggregator.catchUp();
  return aggregator.publishDue();
}

/** Ids of the priors of each partition, in the order of the log. */
async function priors(): Promise<string[][]> {
  const found = Array.from({ length: PARTITIONS }, (): string[] => []);
  for (const [partition, ids] of found.entries()) {
    for await (const { bytes, starts, count } of readBatches(log, 'access', partition, READ)) {
      for (let i = 0; i < count; i++) {
        const event = JSON.parse(bytes.toString('utf8', starts[i], starts[i + 1])) as { type: string; id: string };
        if (event.type === 'ntk.prior') ids.push(event.id);
      }
    }
  }
  return found;
}

/** Sums over the headers of all blocks. */
async function ledger(): Promise<{ copies: number; facts: number; liveRecords: number }> {
  const sums = { copies: 0, facts: 0, liveRecords: 0 };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for await (const batch of readBatches(log, 'results', partition, READ)) {
      for (const { header } of blocksOf(batch)) {
        sums.copies += header.policyCopies;
        sums.facts += header.facts['ntk.prior'] ?? 0;
        sums.liveRecords += header.liveRecords;
      }
    }
  }
  return sums;
}

describe('an aggregator', () => {
  it('says nothing before there is something to be known', async () => {
    await append(0, 20);
    await score();
    expect(await aggregate(newAggregator())).toBe(0);
    expect((await priors()).flat()).toEqual([]);
  });

  it('tells every partition the same, once', async () => {
    await append(0, 60);
    await score();
    const aggregator = newAggregator();
    expect(await aggregate(aggregator)).toBeGreaterThan(0);
    const [first, ...others] = await priors();
    for (const other of others) expect(other).toEqual(first);
    expect(first).toEqual([expect.stringMatching(/^classes\/[0-9a-f]{16}\/0\/\d+$/)]);
    expect(await aggregate(aggregator)).toBe(0);
    expect((await priors())[0]).toEqual(first);
  });

  it('goes on where it was when more is judged, and what it says is in no figure of what hosts report', async () => {
    await append(0, 60);
    await score();
    const aggregator = newAggregator();
    await aggregate(aggregator);
    const before = await ledger();
    await append(60, 90);
    await score();
    expect(await aggregate(aggregator)).toBeGreaterThan(0);
    await score();
    const all = (await priors()).flat().length;
    const after = await ledger();
    expect(after).toEqual({ copies: before.copies + all, facts: 0, liveRecords: 0 });
  });

  it('that is started again says nothing twice, and goes on behind what it had said', async () => {
    await append(0, 60);
    await score();
    await aggregate(newAggregator());
    const before = await priors();
    const again = newAggregator();
    expect(await aggregate(again)).toBe(0);
    expect(await priors()).toEqual(before);
    await append(60, 90);
    await score();
    expect(await aggregate(again)).toBeGreaterThan(0);
  });

  it('that dies between two looks and is started again says what one that lives says', async () => {
    const saidBy = async (dies: boolean): Promise<unknown[]> => {
      const said: PriorRecord[] = [];
      let aggregator = newAggregator((record) => said.push(record));
      for (const [from, to] of [
        [0, 40],
        [40, 60],
        [60, 75],
        [75, 90],
      ] as const) {
        await append(from, to);
        await score();
        if (dies) aggregator = newAggregator((record) => said.push(record));
        await aggregate(aggregator);
      }
      return said.map(({ id, data }) => ({ id, data }));
    };
    const alive = await saidBy(false);
    await close();
    await open();
    expect(alive.length).toBeGreaterThan(2);
    expect(await saidBy(true)).toEqual(alive);
  });

  it('goes on behind blocks that went because of their age before it had read them', async () => {
    await append(0, 20);
    await score();
    const aggregator = newAggregator();
    await aggregator.catchUp();
    const before = aggregator.hour!;
    await append(20, 40);
    await score();
    const ends = await Promise.all(traffic.log.map(async (_, partition) => (await log.bounds('results', partition)).end));
    await append(40, 60);
    await score();
    for (const [partition, end] of ends.entries()) await log.deleteBefore('results', partition, end);
    await aggregator.catchUp();
    const again = newAggregator();
    await again.catchUp();
    expect(aggregator.hour).toBe(again.hour);
    expect(aggregator.hour).toBeGreaterThan(before + 20);
  });

  it('says what it could not append when the log takes it again', async () => {
    await append(0, 60);
    await score();
    const publish = priorPublisher(log, OPEN, null);
    let isAway = true;
    const aggregator = new Aggregator({
      log,
      clock: systemClock,
      publish: async (record, put) => {
        if (isAway) throw new LogError('log_unreachable', 'away');
        await publish(record, put);
      },
    });
    await expect(aggregate(aggregator)).rejects.toThrow('away');
    isAway = false;
    expect(await aggregate(aggregator)).toBeGreaterThan(0);
  });

  it('tries again while the log is away, with pauses that grow to half a minute, and anew when it was there', async () => {
    await append(0, 60);
    await score();
    const publish = priorPublisher(log, OPEN, null);
    const pauses: number[] = [];
    let [left, said, passes] = [8, 0, 0];
    const sleep = async (ms: number): Promise<void> => {
      if (ms === 1_000) passes++;
      await systemClock.turn();
    };
    const aggregator = new Aggregator({
      log,
      clock: { ...systemClock, sleep },
      publish: async (record, put) => {
        if (left-- > 0) throw new LogError('log_unreachable', 'away');
        await publish(record, put);
      },
      observer: { published: () => void said++, failed: (_, retryInMs) => void pauses.push(retryInMs) },
    });
    aggregator.start();
    await until(() => said > 0);
    const unfinished = passes;
    await until(() => passes > unfinished);
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const before = said;
    left = 1;
    await append(60, 90);
    await score();
    await until(() => said > before);
    await aggregator.stop();
    expect(pauses.slice(8)).toEqual([500]);
  });

  it('ends with what waiting does not mend', async () => {
    const corrupt = changed(log, { read: () => Promise.reject(new LogError('log_corrupt', 'damaged')) });
    const aggregator = new Aggregator({ log: corrupt, clock: hurried, publish: async () => {} });
    aggregator.start();
    await expect(aggregator.ended()).rejects.toThrow('damaged');
  });

  it('goes on behind what it had read when the log could not be read for a while, and over offsets that hold nothing', async () => {
    await append(0, 20);
    await score();
    await append(20, 40);
    await score();
    let isAway = false;
    const asked: number[] = [];
    const holed = changed(log, {
      async read(stream, partition, offset, limits) {
        if (partition === 0) asked.push(offset);
        if (isAway) throw new LogError('log_unreachable', 'away');
        const batch = await log.read(stream, partition, offset, limits);
        // As on Kafka, where markers of transactions take offsets.
        return offset === 0 ? { ...batch, count: 0, nextOffset: 1 } : batch;
      },
    });
    const aggregator = new Aggregator({ log: holed, clock: systemClock, publish: async () => {} });
    await aggregator.catchUp();
    expect(aggregator.hour).not.toBeNull();
    const { end } = await log.bounds('results', 0);
    expect(asked).toEqual([0, 1, end]);
    isAway = true;
    await expect(aggregator.catchUp()).rejects.toThrow('away');
    isAway = false;
    await aggregator.catchUp();
    expect(asked).toEqual([0, 1, end, end, end]);
  });

  it('makes progress also where there is nothing to read', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const aggregator = new Aggregator({ log, clock, publish: async () => {} });
    nowMs = 7_000;
    await aggregator.catchUp();
    expect(aggregator.progressAtMs).toBe(7_000);
  });

  it('says nothing older than what it said before, whatever the clock says', async () => {
    const times: number[] = [];
    let nowMs = 9_000;
    const publish = priorPublisher(log, OPEN, null);
    const aggregator = new Aggregator({
      log,
      clock: { ...systemClock, nowMs: () => (nowMs -= 1_000) },
      publish: async (record, put) => {
        times.push(record.timeMs);
        await publish(record, put);
      },
    });
    for (const to of [60, 90]) {
      await append(to === 60 ? 0 : 60, to);
      await score();
      await aggregate(aggregator);
    }
    expect(times.length).toBeGreaterThan(1);
    expect(new Set(times)).toEqual(new Set([8_000]));
  });

  it('says nothing any more once it is to end, with part of the results unread', async () => {
    await append(0, 60);
    await score();
    let published = 0;
    const stopping = changed(log, {
      async read(stream, partition, ...args) {
        if (partition === PARTITIONS - 1) void aggregator.stop();
        return log.read(stream, partition, ...args);
      },
    });
    const aggregator = new Aggregator({ log: stopping, clock: systemClock, publish: async () => void published++ });
    aggregator.start();
    await aggregator.ended();
    expect(published).toBe(0);
  });

  it('ends when it is asked to, twice is fine', async () => {
    const aggregator = newAggregator();
    aggregator.start();
    await aggregator.stop();
    await aggregator.stop();
    await aggregator.ended();
    expect(aggregator.hour).toBeNull();
  });
});
