import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScoredLog } from '../crash/scored-log.ts';

const RECORDS = 1_000;

let made: ScoredLog;
beforeEach(async () => {
  made = await ScoredLog.make();
});
afterEach(async () => made.remove());

/** How often a batch is interrupted for what else waits in the process, when the clock goes on by so much each time that it is read. */
async function turnsOfBatch(tickMs: number): Promise<number> {
  let [ms, turns] = [0, 0];
  const clock = Object.assign(Object.create(made.clock), {
    monotonicMs: () => (ms += tickMs),
    turn: async () => {
      turns++;
    },
  });
  const scorer = await made.scored({ clock, batchRecordsMax: RECORDS });
  const before = scorer.position;
  await made.append(RECORDS);
  turns = 0;
  expect((await scorer.step()).status).toBe('scored');
  expect(scorer.position - before).toBe(RECORDS);
  return turns;
}

describe('a batch lets others have their turn', () => {
  test('before it is judged, and after each 256 records', async () => {
    expect(await turnsOfBatch(0)).toBe(Math.ceil(RECORDS / 256));
  });

  test('after two milliseconds, if records take so long', async () => {
    // Each 16 records take a millisecond.
    expect(await turnsOfBatch(1)).toBe(Math.ceil(RECORDS / 32));
  });

  test('after 16 records at least, however long they took', async () => {
    expect(await turnsOfBatch(1_000)).toBe(Math.ceil(RECORDS / 16));
  });
});
