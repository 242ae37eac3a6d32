/** A scorer whose partitions come and go while it runs, on a log of SQLite with four partitions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ORIGIN } from '../../schemas/codes.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { blocksOf } from '../../services/domain/results/block.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { placesOf } from '../../services/domain/partitioning/route-record.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { type EventLog, LogError, type LogErrorCode } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { Scorer, type ScorerOptions } from '../../services/scorer/scorer.ts';
import { changed, committing } from '../crash/interruptions.ts';

const PARTITIONS = 4;
let folder: string;
let log: SqliteEventLog;
let running: Scorer[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-assignment-'));
  log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, partitions: PARTITIONS, clock: systemClock });
  running = [];
});
afterEach(async () => {
  for (const scorer of running) await scorer.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const silent = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };

function newScorer(options: Partial<ScorerOptions> = {}): Scorer {
  const scorer = new Scorer({
    log,
    partitions: [],
    clock: systemClock,
    storedUser: (user) => user,
    authority: OPEN,
    batchRecordsMax: 50,
    batchBytesMax: 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 86_400_000,
    observer: silent,
    ...options,
  });
  running.push(scorer);
  return scorer;
}

let made = 0;
async function append(count: number, programs = 40): Promise<void> {
  const values = Array.from({ length: PARTITIONS }, (): Buffer[] => []);
  for (let i = 0; i < count; i++) {
    const event = {
      specversion: '1.0',
      id: `e${made++}`,
      source: 'host/test',
      type: 'ntk.access',
      subject: `wx${made % programs}`,
      time: '2026-03-01T00:00:00Z',
      data: { user: 'u', api: 'wx.getLocation' },
    };
    const record = Buffer.from(JSON.stringify(event));
    for (const place of placesOf(record, PARTITIONS)) values[place]!.push(record);
  }
  await log.commit({
    appends: values.map((list, partition) => ({ stream: 'access', partition, values: list, origin: ORIGIN.run })),
  });
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await turn();
}

/** Whether the blocks of a partition follow one another up to the end of its records. */
async function isJudgedOnce(partition: number): Promise<boolean> {
  const { end } = await log.bounds('access', partition);
  const batch = await log.read('results', partition, 0, { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 });
  let next = 0;
  for (const { header } of blocksOf(batch)) {
    expect(header.first).toBe(next);
    next = header.next;
  }
  return next === end;
}

const all = [0, 1, 2, 3];

describe('partitions that are assigned while a scorer runs', () => {
  test('are judged from then on, and those it did not get are not', async () => {
    await append(200);
    const scorer = newScorer();
    await scorer.start();
    scorer.assign([1, 3]);
    await until(async () => (await isJudgedOnce(1)) && (await isJudgedOnce(3)));
    expect([...scorer.owned().keys()].toSorted((a, b) => a - b)).toEqual([1, 3]);
    expect(await log.last('results', 0)).toBeNull();
    scorer.assign(all);
    await until(async () => (await Promise.all(all.map(isJudgedOnce))).every(Boolean));
  });

  test('are given up with a checkpoint at the end of the last batch', async () => {
    await append(400);
    const scorer = newScorer({ partitions: all });
    await scorer.start();
    await until(async () => (await Promise.all(all.map(isJudgedOnce))).every(Boolean));
    scorer.assign([0, 1]);
    await until(() => scorer.owned().size === 2);
    const { end } = await log.bounds('access', 2);
    await until(async () => {
      const checkpoints = new CheckpointStore(log, 2);
      await checkpoints.open();
      return checkpoints.standsAt(end);
    });
    await append(400);
    await until(async () => (await isJudgedOnce(0)) && (await isJudgedOnce(1)));
    expect(await isJudgedOnce(2)).toBe(false);
  });

  test('pass from one scorer to another without a record folded again, and each is judged once', async () => {
    await append(400);
    const refolded: number[] = [];
    const lost: number[] = [];
    const before = newScorer({ partitions: all, observer: { ...silent, lost: (partition) => lost.push(partition) } });
    await before.start();
    const after = newScorer({
      handOverMs: 30_000,
      observer: { ...silent, taken: (_, __, records) => refolded.push(records) },
    });
    await after.start();
    await until(() => before.isDrained());
    // As a group does it: both hear of the new shares at the same time.
    after.assign([2, 3]);
    before.assign([0, 1]);
    await until(() => after.owned().size === 2);
    await append(400);
    await until(async () => (await Promise.all(all.map(isJudgedOnce))).every(Boolean));
    expect(refolded).toEqual([0, 0]);
    expect(lost).toEqual([]);
  });

  test('are taken from nobody by a scorer that is stopped while it waits for them', async () => {
    const lost: number[] = [];
    const before = newScorer({ partitions: [0], observer: { ...silent, lost: (partition) => lost.push(partition) } });
    await before.start();
    await append(200);
    await until(() => isJudgedOnce(0));
    const after = newScorer({ handOverMs: 30_000 });
    after.assign([0]);
    await turn();
    await after.stop();
    await append(200);
    await until(async () => lost.length > 0 || (await isJudgedOnce(0)));
    expect(lost).toEqual([]);
  });

  test('are waited for once: whoever has one judges batch after batch', async () => {
    await append(800);
    const slept: number[] = [];
    const clock = { ...systemClock, sleep: async (ms: number): Promise<void> => void slept.push(ms) };
    const scorer = newScorer({ clock, handOverMs: 100 });
    scorer.assign([0]);
    await until(() => isJudgedOnce(0));
    expect((await log.bounds('results', 0)).end).toBeGreaterThan(2);
    expect(slept).toEqual([]);
  });

  test('that come back while they are being given up are taken again', async () => {
    await append(200);
    const scorer = newScorer({ partitions: all });
    await scorer.start();
    scorer.assign([]);
    scorer.assign(all);
    scorer.assign([]);
    scorer.assign(all);
    await until(async () => (await Promise.all(all.map(isJudgedOnce))).every(Boolean));
    // What was judged before a partition was given up says nothing of its coming back.
    await until(() => scorer.owned().size === all.length);
    expect([...scorer.owned().keys()].toSorted((a, b) => a - b)).toEqual(all);
  });

  test('that were taken away by somebody else are taken again when they are assigned anew', async () => {
    const lost: number[] = [];
    const scorer = newScorer({ partitions: [0], observer: { ...silent, lost: (partition) => lost.push(partition) } });
    await scorer.start();
    const other = newScorer({ partitions: [0] });
    await other.start();
    await append(200);
    await until(() => lost.length === 1);
    await other.stop();
    scorer.assign([0]);
    await append(200);
    await until(() => isJudgedOnce(0));
    expect(scorer.owned().has(0)).toBe(true);
  });
});

test('a partition that has arrived is judged while the next one is still folded again', async () => {
  await append(400);
  const before = newScorer({ partitions: all });
  await before.start();
  await until(() => before.isDrained());
  // Killed: no checkpoint, all has to be folded again.
  const gate = Promise.withResolvers<void>();
  let readers = 0;
  const held = changed(log, {
    async read(stream, partition, ...args) {
      if (stream === 'access' && partition !== 0) {
        readers++;
        await gate.promise;
      }
      return log.read(stream, partition, ...args);
    },
  });
  const after = newScorer({ log: held, onRefused: 'park' });
  after.assign(all);
  await until(() => readers === 1);
  await append(400);
  await until(() => isJudgedOnce(0));
  expect({ readers, owned: [...after.owned().keys()] }).toEqual({ readers: 1, owned: [0] });
  gate.resolve();
  await until(async () => (await Promise.all(all.map(isJudgedOnce))).every(Boolean));
});

describe('health of a scorer', () => {
  test('is fine without partitions, and not when its only one was taken away', async () => {
    const scorer = newScorer({ partitions: [0] });
    await scorer.start();
    const other = newScorer({ partitions: [0] });
    await other.start();
    await append(100);
    await until(() => scorer.owned().size === 0);
    expect(scorer.progressAtMs).toBe(Number.NEGATIVE_INFINITY);
    const idle = newScorer();
    await idle.start();
    expect(systemClock.monotonicMs() - idle.progressAtMs).toBeLessThan(1_000);
  });

  test('is fine while it waits until it may take a partition back, however long that is', async () => {
    await append(100);
    let [passedMs, stoodMs] = [0, 0];
    const clock = {
      ...systemClock,
      monotonicMs: () => systemClock.monotonicMs() + passedMs,
      sleep: async (ms: number) => {
        passedMs += ms;
        stoodMs = Math.max(stoodMs, clock.monotonicMs() - scorer.progressAtMs);
        await turn();
      },
    };
    const pauses: (number | null)[] = [];
    const claim = committing(log, () => async () => ({ status: 'fenced' }));
    const observer = { ...silent, lost: (_: number, retakeInMs: number | null) => pauses.push(retakeInMs) };
    const scorer = newScorer({ log: changed(log, { claim }), clock, partitions: [0], onFenced: 'take again', observer });
    await scorer.start();
    await until(() => pauses.length === 5);
    await scorer.stop();
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000]);
    expect(stoodMs).toBeGreaterThanOrEqual(5_000);
    expect(stoodMs).toBeLessThan(10_000);
  });

  test('goes on for all that wait until they are folded again, and not for one that stands still meanwhile', async () => {
    await append(1_600);
    const before = newScorer({ partitions: all });
    await before.start();
    await until(() => before.isDrained());
    // Killed: no checkpoint, so each has batches to fold again, of four seconds each.
    let [passedMs, stoodMs] = [0, 0];
    let arrivedAtMs: number | null = null;
    const gate = Promise.withResolvers<void>();
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
    const held = changed(log, {
      async read(stream, partition, ...args) {
        if (after.owned().size > 0) arrivedAtMs ??= passedMs;
        if (stream === 'access' && after.owned().has(partition)) await gate.promise;
        else if (stream === 'access') passedMs += 4_000;
        if (after.owned().size === 0) stoodMs = Math.max(stoodMs, clock.monotonicMs() - after.progressAtMs);
        return log.read(stream, partition, ...args);
      },
    });
    const after = newScorer({ log: held, clock, onRefused: 'park' });
    after.assign(all);
    await until(() => after.owned().size === all.length);
    const stillMs = clock.monotonicMs() - after.progressAtMs;
    gate.resolve();
    expect(arrivedAtMs).toBeGreaterThanOrEqual(15_000);
    expect(stoodMs).toBeLessThan(6_000);
    expect(stillMs).toBeGreaterThanOrEqual(passedMs - arrivedAtMs!);
  });

  test('is that of the partition that stands still longest, however well the others go on', async () => {
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    const held = changed(log, {
      async read(stream, partition, ...args) {
        if (stream === 'access' && partition === 2 && isHeld) await gate.promise;
        return log.read(stream, partition, ...args);
      },
    });
    let passedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
    const scorer = newScorer({ log: held, clock, partitions: all });
    await scorer.start();
    await append(200);
    await until(() => scorer.isDrained());
    isHeld = true;
    await append(200);
    await until(async () => (await Promise.all([0, 1, 3].map(isJudgedOnce))).every(Boolean));
    passedMs = 60_000;
    await append(200);
    await until(async () => (await Promise.all([0, 1, 3].map(isJudgedOnce))).every(Boolean));
    expect(clock.monotonicMs() - scorer.progressAtMs).toBeGreaterThanOrEqual(60_000);
    gate.resolve();
    await until(() => scorer.isDrained());
    await until(() => clock.monotonicMs() - scorer.progressAtMs < 1_000);
  });
});

test('a log that is away is tried again with pauses that grow to ten seconds, and anew when it was there', async () => {
  const answers = [9, 2];
  let [left, goneFor] = [0, 0];
  const away = changed(log, {
    async read(stream, partition, ...args) {
      if (stream !== 'access' || left === 0) return log.read(stream, partition, ...args);
      left--;
      throw new LogError('log_unreachable', 'made up: away');
    },
  });
  const pauses: number[] = [];
  const slept: number[] = [];
  const troubles: unknown[] = [];
  const scorer = newScorer({
    log: away,
    partitions: [0],
    clock: {
      ...systemClock,
      sleep: async (ms) => {
        slept.push(ms);
        troubles.push(scorer.troubles().get(0));
      },
    },
    observer: { ...silent, failed: (_, __, retryInMs) => pauses.push(retryInMs) },
  });
  await scorer.start();
  for (goneFor of answers) {
    left = goneFor;
    await append(50);
    await until(async () => (await isJudgedOnce(0)) && left === 0);
    await until(() => scorer.troubles().size === 0);
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 100, 200]);
  expect(slept).toEqual(pauses);
  expect(new Set(troubles.map((each) => JSON.stringify(each)))).toEqual(
    new Set([JSON.stringify({ message: 'made up: away', isParked: false })]),
  );
});

test('a start that fails in the middle gives back what it had taken', async () => {
  const released: number[] = [];
  const claim: EventLog['claim'] = async (role, partition) => {
    if (partition === 2) throw new LogError('log_unreachable', 'made up: away');
    const owner = await log.claim(role, partition);
    const release = async (): Promise<void> => {
      released.push(partition);
      await owner.release();
    };
    return { role, partition, release, commit: (transaction) => owner.commit(transaction) };
  };
  const scorer = newScorer({ log: changed(log, { claim }), partitions: all });
  await expect(scorer.start()).rejects.toThrow('made up: away');
  await scorer.stop();
  expect(released).toEqual([0, 1]);
});

test('a partition whose state is nearly full is said once, whatever was said of others', async () => {
  await append(400, 400);
  const near: string[] = [];
  const plenty = { consents: 1_000, limitKeys: 1_000, baselineKeys: 10_000 };
  const programs = Array.from({ length: 400 }, (_, i) => partitionOf(`wx${i}`, PARTITIONS));
  const counts = all.map((partition) => programs.filter((place) => place === partition).length);
  const max = Math.max(...counts);
  const scorer = newScorer({
    partitions: all,
    stateLimits: { ...plenty, programs: max },
    observer: { ...silent, nearlyFull: (partition, { kind }) => near.push(`${partition} ${kind}`) },
  });
  await scorer.start();
  await until(() => scorer.isDrained());
  await append(400, 400);
  await until(() => scorer.isDrained());
  const expected = all.filter((partition) => counts[partition]! > 0.8 * max).map((partition) => `${partition} programs`);
  expect(expected.length).toBeGreaterThan(1);
  expect(near.toSorted()).toEqual(expected);
});

test('a stop waits for the batch under way, and makes its checkpoint behind it', async () => {
  const gate = Promise.withResolvers<void>();
  let commits = 0;
  const claim = committing(log, () => async (owner, transaction) => {
    if (++commits === 1) await gate.promise;
    return owner.commit(transaction);
  });
  const scorer = newScorer({ log: changed(log, { claim }), partitions: [0] });
  await append(200);
  await scorer.start();
  await until(() => commits === 1);
  let isStopped = false;
  const stopped = scorer.stop().then(() => (isStopped = true));
  for (let i = 0; i < 20; i++) await turn();
  expect({ isStopped, commits }).toEqual({ isStopped: false, commits: 1 });
  gate.resolve();
  await stopped;
  expect(commits).toBeGreaterThan(1);
});

test('no more than eight partitions hold a batch at the same time', async () => {
  const many = await openSqliteLog({ path: join(folder, 'many.db'), create: true, partitions: 12, clock: systemClock });
  const gate = Promise.withResolvers<void>();
  let reading = 0;
  const held = changed(many, {
    async read(stream, ...args) {
      if (stream === 'access') {
        reading++;
        await gate.promise;
      }
      return many.read(stream, ...args);
    },
  });
  const scorer = newScorer({ log: held, partitions: Array.from({ length: 12 }, (_, partition) => partition) });
  await scorer.start();
  await until(() => reading === 8);
  for (let i = 0; i < 20; i++) await turn();
  expect(reading).toBe(8);
  gate.resolve();
  await until(() => reading >= 12);
  await scorer.stop();
  await many.close();
});

describe('a partition that needs a person', () => {
  const WORDS = 'what is next cannot be read';
  const broken = (partition: number, code: LogErrorCode): EventLog =>
    changed(log, {
      async read(...args) {
        if (args[1] === partition) throw new LogError(code, WORDS);
        return log.read(...args);
      },
    });
  const codes = ['log_offset_out_of_range', 'log_corrupt'] as const;

  test.each(codes)('is parked and said, and the others go on: %s', async (code) => {
    await append(200);
    const refused: number[] = [];
    const scorer = newScorer({
      log: broken(1, code),
      partitions: all,
      onRefused: 'park',
      observer: {
        ...silent,
        refused: (partition) => refused.push(partition),
        failed: () => expect.unreachable('nothing that waiting could mend'),
      },
    });
    await scorer.start();
    await until(async () => (await Promise.all([0, 2, 3].map(isJudgedOnce))).every(Boolean));
    await until(() => refused.length > 0);
    expect(scorer.troubles().get(1)).toEqual({ message: WORDS, isParked: true });
    expect(await log.last('results', 1)).toBeNull();
  });

  test('is no trouble any more of a scorer that it was taken away from', async () => {
    const scorer = newScorer({ log: broken(1, 'log_corrupt'), partitions: all, onRefused: 'park' });
    await scorer.start();
    await until(() => scorer.troubles().has(1));
    scorer.assign([0, 2, 3]);
    await until(() => scorer.troubles().size === 0);
    expect([...scorer.owned().keys()]).not.toContain(1);
  });

  test.each(codes)('ends a scorer that has nobody else to go on for, with that error: %s', async (code) => {
    const scorer = newScorer({ log: broken(1, code), partitions: all });
    await scorer.start();
    await expect(scorer.ended()).rejects.toThrow(WORDS);
  });

  test('ends a scorer that began without partitions, too, where what fails is nothing that waiting or a person could mend', async () => {
    await append(200);
    const tooLarge = changed(log, {
      async read(stream, partition, ...args) {
        if (stream === 'access' && partition === 2) throw new RangeError('a record is larger than it may be');
        return log.read(stream, partition, ...args);
      },
    });
    const scorer = newScorer({ log: tooLarge, onRefused: 'park', onFenced: 'take again' });
    await scorer.start();
    const ended = scorer.ended();
    ended.catch(() => {});
    // As a group does it, later: nothing, then something, then more.
    await turn();
    scorer.assign([]);
    scorer.assign([0]);
    await until(() => isJudgedOnce(0));
    scorer.assign([0, 2]);
    await expect(ended).rejects.toThrow('a record is larger than it may be');
  });

  test('is not waited for: a scorer without partitions goes on until it is stopped', async () => {
    const scorer = newScorer({ onFenced: 'take again' });
    await scorer.start();
    let isOver = false;
    const ended = scorer.ended().then(() => (isOver = true));
    await turn();
    scorer.assign([1]);
    await append(200);
    await until(() => isJudgedOnce(1));
    scorer.assign([]);
    await until(() => scorer.owned().size === 0);
    await turn();
    expect(isOver).toBe(false);
    await scorer.stop();
    expect(await ended).toBe(true);
  });
});
