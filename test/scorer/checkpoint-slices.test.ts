import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { ScoredLog } from '../crash/scored-log.ts';

const INTERVAL_MS = 30_000;
/** A slice of pages ends after two milliseconds, and this clock goes on by one each time it is read. */
const PAGES_A_SLICE = 2;

let made: ScoredLog;
let scorer: PartitionScorer;
beforeEach(async () => {
  made = await ScoredLog.make();
  await made.appendPrograms(3_000);
  let ms = 0;
  const clock = Object.assign(Object.create(made.clock), { monotonicMs: () => ++ms });
  scorer = await made.scored({ clock, batchRecordsMax: 5_000, checkpointIntervalMs: INTERVAL_MS });
  made.clock.ms += INTERVAL_MS;
});
afterEach(async () => made.remove());

/** Pages that a step stores when it judges so many records. */
async function pagesBeside(records: number): Promise<number> {
  await made.append(records);
  const before = (await made.checkpointKeys('')).length;
  expect((await scorer.step()).status).toBe('scored');
  return (await made.checkpointKeys('')).length - before;
}

describe('of a checkpoint that is due', () => {
  test('a small batch waits for one slice, a larger one for another with each 1,024 records', async () => {
    const pages: number[] = [];
    for (const records of [1, 10, 1_024, 1_025, 2_049]) pages.push(await pagesBeside(records));
    expect(pages).toEqual([1, 1, 1, 2, 3].map((slices) => slices * PAGES_A_SLICE));
  });

  test('more is made where nothing waits', async () => {
    expect(await pagesBeside(1)).toBe(PAGES_A_SLICE);
    const before = (await made.checkpointKeys('')).length;
    expect((await scorer.step()).status).toBe('idle');
    expect((await made.checkpointKeys('')).length - before).toBe(5 * PAGES_A_SLICE);
  });
});
