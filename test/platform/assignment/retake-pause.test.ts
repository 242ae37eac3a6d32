import { expect, test } from 'vitest';
import { RETAKE_FIRST_MS, RETAKE_MAX_MS, RetakePause } from '../../../services/platform/assignment/retake-pause.ts';

const MINUTE_MS = 60_000;

test('two that fight for a partition take it from each other less and less often', () => {
  const pause = new RetakePause();
  const pauses = [];
  for (let nowMs = 0; pauses.length < 7; nowMs += pauses.at(-1)! + 1_000) pauses.push(pause.lost(nowMs));
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  expect([pauses[0], pauses.at(-1)]).toEqual([RETAKE_FIRST_MS, RETAKE_MAX_MS]);
});

test('one that loses it once in a while has it back soon', () => {
  const pause = new RetakePause();
  expect([0, 6, 12].map((minutes) => pause.lost(minutes * MINUTE_MS))).toEqual([5_000, 5_000, 5_000]);
});
