/** The heartbeat on a log of SQLite with real scorers: what proves a partition alive, and what does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { decodeBlock } from '../../services/domain/results/block.ts';
import { Heartbeat } from '../../services/gateway/heartbeat/heartbeat.ts';
import { HeartbeatEvents } from '../../services/gateway/heartbeat/heartbeat-event.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { type EventLog, LogError } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { createHeartbeatMetrics } from '../../services/platform/metrics/heartbeat-metrics.ts';
import { Scorer } from '../../services/scorer/scorer.ts';

const PARTITIONS = 3;
const PLENTY = { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 };
const silent = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };

let folder: string;
let log: SqliteEventLog;
let toStop: { stop(): Promise<void> }[];
const sources: string[] = [];
const warned: object[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-heartbeat-'));
  log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, partitions: PARTITIONS, clock: systemClock });
  toStop = [];
  sources.length = 0;
  warned.length = 0;
});
afterEach(async () => {
  for (const one of toStop) await one.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startScorer(partitions: readonly number[]): Promise<Scorer> {
  const scorer = new Scorer({
    log,
    partitions,
    clock: systemClock,
    storedUser: (user) => user,
    authority: OPEN,
    batchRecordsMax: 500,
    batchBytesMax: 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 86_400_000,
    observer: { ...silent, scored: (_, { tally }) => void sources.push(...tally.sourcesSeenMs.keys()) },
  });
  toStop.push(scorer);
  await scorer.start();
  return scorer;
}

class Sender {
  readonly registry = new Registry();
  readonly heartbeat: Heartbeat;

  constructor(secret: string, through: Pick<EventLog, 'partitions' | 'commit' | 'bounds' | 'read' | 'waitForAppend'> = log) {
    this.heartbeat = new Heartbeat({
      log: through,
      clock: systemClock,
      intervalMs: 50,
      secret,
      metrics: createHeartbeatMetrics(this.registry),
      logger: { warn: (what: object) => void warned.push(what) },
    });
    toStop.push(this.heartbeat);
  }

  /** By partition. */
  async values(metric: string): Promise<number[]> {
    const { values } = (await this.registry.getSingleMetric(metric)!.get()) as unknown as {
      values: { value: number; labels: { partition: string } }[];
    };
    return values.toSorted((a, b) => Number(a.labels.partition) - Number(b.labels.partition)).map(({ value }) => value);
  }

  sent = (): Promise<number[]> => this.values('ntk_heartbeats_sent_total');
  answered = (): Promise<number[]> => this.values('ntk_heartbeat_answered_timestamp_seconds');
}

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

async function headersOf(partition: number): Promise<BlockHeader[]> {
  const { bytes, starts, count } = await log.read('results', partition, 0, PLENTY);
  return Array.from({ length: count }, (_, i) => decodeBlock(bytes.subarray(starts[i], starts[i + 1])).header);
}

async function textsOf(stream: 'access' | 'verdicts', partition: number): Promise<string[]> {
  const { bytes, starts, count } = await log.read(stream, partition, 0, PLENTY);
  return Array.from({ length: count }, (_, i) => bytes.toString('utf8', starts[i], starts[i + 1]));
}

describe('heartbeats', () => {
  test('are sent to every partition and answered by its scorer, again and again', async () => {
    const sender = new Sender('one');
    const startedAt = await sender.answered();
    await startScorer([0, 1, 2]);
    sender.heartbeat.start();
    await eventually(async () => {
      for (const [partition, at] of (await sender.answered()).entries()) expect(at).toBeGreaterThan(startedAt[partition]! + 0.1);
      expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(3);
    });
    expect(sender.heartbeat.oldestMs).toBeLessThan(20_000);
    expect(await sender.registry.metrics()).toMatch(/ntk_heartbeat_round_trip_seconds_count [1-9]/);
  });

  test('are no access, no fact, no sign of a host, and make no log live', async () => {
    await startScorer([0, 1, 2]);
    const sender = new Sender('one');
    sender.heartbeat.start();
    await eventually(async () => expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(2));
    await sender.heartbeat.stop();
    const sent = await sender.sent();
    await eventually(async () => {
      for (const [partition, count] of sent.entries()) {
        const headers = await headersOf(partition);
        expect(headers.reduce((sum, { heartbeats }) => sum + heartbeats, 0)).toBe(count);
        for (const header of headers)
          expect(header).toMatchObject({ accesses: 0, facts: {}, rejects: {}, duplicates: 0, liveRecords: 0, liveArrivals: [] });
      }
    });
    expect(sources).toEqual([]);
  });

  test('grow old in the partition that nobody judges, and in no other', async () => {
    await startScorer([0, 2]);
    const sender = new Sender('one');
    const before = await sender.answered();
    sender.heartbeat.start();
    await eventually(async () => {
      expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(5);
      const [first, , third] = await sender.answered();
      expect(Math.min(first! - before[0]!, third! - before[2]!)).toBeGreaterThan(0.15);
    });
    expect((await sender.answered())[1]).toBe(before[1]);
    // The slowest partition says how old they are.
    expect(sender.heartbeat.oldestMs).toBeGreaterThan(150);
    await startScorer([1]);
    await eventually(async () => expect((await sender.answered())[1]).toBeGreaterThan(before[1]!));
  });

  test('are answered to the one who sent them, and nobody else believes the answer', async () => {
    await startScorer([0, 1, 2]);
    const one = new Sender('one');
    const before = await one.answered();
    one.heartbeat.start();
    await eventually(async () => expect(Math.min(...(await one.answered()))).toBeGreaterThan(before[0]! + 0.1));
    // It reads what the first one is answered, while its own are not let in.
    const deaf = new Sender(
      'third',
      withCommit(async () => ({ baseOffsets: [] })),
    );
    const deafBefore = await deaf.answered();
    deaf.heartbeat.start();
    await eventually(async () => expect(Math.min(...(await deaf.sent()))).toBeGreaterThanOrEqual(4));
    expect(await deaf.answered()).toEqual(deafBefore);
  });

  test('wait in no queue while the log is away, and go on when it is back', async () => {
    await startScorer([0, 1, 2]);
    let isAway = true;
    let [under, most, tries] = [0, 0, 0];
    const through = withCommit(async (transaction) => {
      tries++;
      most = Math.max(most, ++under);
      try {
        if (isAway) throw new LogError('log_unreachable', 'the log is away');
        return await log.commit(transaction);
      } finally {
        under--;
      }
    });
    const sender = new Sender('one', through);
    sender.heartbeat.start();
    await eventually(async () => expect(tries).toBeGreaterThanOrEqual(4));
    expect(await sender.sent()).toEqual([0, 0, 0]);
    expect(warned[0]).toMatchObject({ code: 'log_unreachable' });
    isAway = false;
    await eventually(async () => expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(2));
    await sender.heartbeat.stop();
    expect(most).toBe(1);
    for (const [partition, sent] of (await sender.sent()).entries())
      expect(await textsOf('access', partition)).toHaveLength(sent);
  });

  test('find their answer behind many verdicts, and behind what retention has taken', async () => {
    const taken = Promise.withResolvers<void>();
    const read: EventLog['read'] = async (...asked) => {
      await taken.promise;
      return log.read(...asked);
    };
    const sender = new Sender('one', { ...bound(), read });
    const before = await sender.answered();
    sender.heartbeat.start();
    await eventually(async () => expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(1));
    const values = Array.from({ length: 9_000 }, (_, i) =>
      Buffer.from(JSON.stringify({ eventId: `e${i}`, type: 'ntk.heartbeat' })),
    );
    await log.commit({ appends: [{ stream: 'verdicts', partition: 1, values }] });
    expect(await log.deleteBefore('verdicts', 1, 3_000)).toEqual({ records: 3_000 });
    taken.resolve();
    await startScorer([0, 1, 2]);
    await eventually(async () => expect((await sender.answered())[1]).toBeGreaterThan(before[1]!));
    expect(warned).toEqual([]);
  });

  test('end when they are stopped, twice is fine', async () => {
    const sender = new Sender('one');
    sender.heartbeat.start();
    await eventually(async () => expect(Math.min(...(await sender.sent()))).toBeGreaterThanOrEqual(1));
    await Promise.all([sender.heartbeat.stop(), sender.heartbeat.stop(), sender.heartbeat.ended()]);
    const sent = await sender.sent();
    expect(await textsOf('access', 0)).toHaveLength(sent[0]!);
  });
});

/** The log itself, as functions that can be replaced. */
function bound(): Pick<EventLog, 'partitions' | 'commit' | 'bounds' | 'read' | 'waitForAppend'> {
  return {
    partitions: log.partitions,
    commit: (transaction) => log.commit(transaction),
    bounds: (stream, partition) => log.bounds(stream, partition),
    read: (stream, partition, offset, limits) => log.read(stream, partition, offset, limits),
    waitForAppend: (stream, timeoutMs, signal) => log.waitForAppend(stream, timeoutMs, signal),
  };
}

function withCommit(commit: EventLog['commit']): ReturnType<typeof bound> {
  return { ...bound(), commit };
}

describe('the id of a heartbeat', () => {
  const answerTo = (record: Buffer): Buffer => {
    const { id, source } = JSON.parse(record.toString()) as { id: string; source: string };
    return Buffer.from(JSON.stringify({ type: 'ntk.heartbeat', eventId: id, source, decidedAt: '2026-03-01T00:00:00Z' }));
  };
  const read = (secret: string, partition: number, bytes: Buffer): number | null =>
    new HeartbeatEvents(secret).answeredAt(partition, bytes, 0, bytes.length);
  const times = fc.integer({ min: 0, max: 8_640_000_000_000 });
  const partitions = fc.integer({ min: 0, max: 1_023 });

  test('says when it was sent, to whoever sent it, in its own partition', () => {
    fc.assert(
      fc.property(
        times,
        partitions,
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        (sentAtMs, partition, mine, other) => {
          const answer = answerTo(new HeartbeatEvents(mine).record(partition, sentAtMs));
          expect(read(mine, partition, answer)).toBe(sentAtMs);
          expect(read(mine, partition + 1, answer)).toBe(null);
          if (other !== mine) expect(read(other, partition, answer)).toBe(null);
        },
      ),
    );
  });

  test('cannot be made up, and no other record is taken for an answer', () => {
    const made = (id: string): Buffer =>
      Buffer.from(
        JSON.stringify({ type: 'ntk.heartbeat', eventId: id, source: 'ntk/heartbeat', decidedAt: '2026-03-01T00:00:00Z' }),
      );
    const ids = fc.oneof(
      fc.string(),
      fc.tuple(partitions, times, fc.stringMatching(/^[0-9a-f]{24}$/)).map((parts) => parts.join('-')),
    );
    fc.assert(
      fc.property(ids, partitions, (id, partition) => {
        expect(read('mine', partition, made(id))).toBe(null);
      }),
    );
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string().map((rest) => `{"type":"ntk.heartbeat",${rest}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(read('mine', 0, Buffer.from(text))).toBe(null);
      }),
    );
  });
});
