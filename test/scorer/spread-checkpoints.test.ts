import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ORIGIN } from '../../schemas/codes.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { ScoredLog, TestClock } from '../crash/scored-log.ts';

const PARTITIONS = 4;
const INTERVAL_MS = 30_000;

test('checkpoints of partitions that are taken together come at different times, and where nothing came there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-spread-'));
  const clock = new TestClock();
  const log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, partitions: PARTITIONS, clock });
  const options = {
    log,
    clock,
    storedUser: (user: string) => user,
    authority: OPEN,
    batchRecordsMax: 50,
    batchBytesMax: 2 ** 20,
  };
  const scorers = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      PartitionScorer.take({ ...options, partition, checkpointRecords: 1_000_000, checkpointIntervalMs: INTERVAL_MS }),
    ),
  );
  const values = [Buffer.from('no JSON, but a record')];
  // None of the last partition.
  for (const partition of [0, 1, 2]) await log.commit({ appends: [{ stream: 'access', partition, values, origin: ORIGIN.run }] });
  const takenAtMs = clock.ms;
  const isWritten = async (partition: number): Promise<boolean> => {
    const checkpoints = new CheckpointStore(log, partition);
    await checkpoints.open();
    return checkpoints.newest !== null;
  };
  const writtenAfterS: (number | null)[] = scorers.map(() => null);
  for (let second = 1; second <= 40; second++) {
    clock.ms = takenAtMs + second * 1000;
    for (const [i, scorer] of scorers.entries()) {
      while ((await scorer.step()).status !== 'idle');
      if (writtenAfterS[i] === null && (await isWritten(i))) writtenAfterS[i] = second;
      // What nothing is missing of is not old, whether it was noted or there was nothing to note.
      expect(scorer.checkpointAgeMs()).toBe(i === 3 || writtenAfterS[i] !== null ? 0 : second * 1000);
    }
  }
  await log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: ORIGIN.run }] });
  expect((await scorers[0]!.step()).status).toBe('scored');
  const ageMs = scorers[0]!.checkpointAgeMs();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
  expect(ageMs).toBe(10_000);
  expect(writtenAfterS).toEqual([30, 12, 23, null]);
});

test('what was folded again counts: a scorer that is killed again and again makes a checkpoint all the same', async () => {
  const scored = await ScoredLog.make();
  try {
    const refolded: number[] = [];
    for (let times = 0; times < 4; times++) {
      await scored.append(400);
      // Left as a kill would leave it.
      refolded.push((await scored.scored({ checkpointRecords: 1_000 })).refolded);
    }
    expect(refolded).toEqual([0, 400, 800, expect.any(Number)]);
    expect(refolded[3]).toBeLessThan(400);
  } finally {
    await scored.remove();
  }
});

test('a scorer that never waits for records makes one checkpoint after the other', async () => {
  const scored = await ScoredLog.make();
  try {
    await scored.append(1_000);
    const scorer = await PartitionScorer.take({ ...scored.options(), checkpointRecords: 100 });
    const offsets = new Set<number>();
    while (scorer.position < 1_000) {
      await scorer.step();
      offsets.add((await scored.keptStates()).newest?.offset ?? 0);
    }
    expect(offsets.size).toBeGreaterThan(5);
  } finally {
    await scored.remove();
  }
});

test('who has nothing to judge, and was fenced meanwhile, finds out when a checkpoint is due', async () => {
  const scored = await ScoredLog.make();
  try {
    await scored.append(50);
    const scorer = await scored.scored({ checkpointIntervalMs: INTERVAL_MS });
    const other = await scored.scored();
    scored.clock.ms += INTERVAL_MS;
    expect((await scorer.step()).status).toBe('fenced');
    expect((await scored.keptStates()).newest).toBeNull();
    expect((await other.step()).status).toBe('idle');
  } finally {
    await scored.remove();
  }
});
