/** Blocks of an hour, four hours and a day: each fills, closes and teaches, and is kept as the one before until the next one closes. */
import { forget, forgetKey, learnDay, learnDispersions } from './learning.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import { forgetRamp } from './ramps.ts';
import { expectedUses, HOURS_AVERAGED, hourOfWeek } from './season.ts';
import { K_BLOCK, keyRow, K_SQUARES_TODAY, NO_KEY } from './state/key-rows.ts';
import {
  NEVER,
  P_ALARMED,
  P_BLOCK,
  P_CALLS,
  P_DAYS_SEEN,
  P_EXPECTED,
  P_FIRST_HOUR,
  P_HOUR,
  P_TOLD,
  P_USES,
  P_VISITS,
  numbersRow,
  programRow,
} from './state/program-rows.ts';
import { completeAmount, takeOutHeard } from './told-amount.ts';
import { A_DAY, FOUR_HOURS, SCALE_HOURS, SCALES } from './tuning.ts';

const DAY_HOURS = SCALE_HOURS[A_DAY];

/** Hours of silence that are gone through one by one; after more the windows are empty anyway. */
const HOURS_WALKED_MAX = 72;

/**
 * Moves a key's blocks on to an hour; what was learned of it fades with each day that ends. A program's keys are not moved with it: most
 * have nothing in their blocks, and whoever looks at one moves it first.
 */
export function rollKey(known: PartitionKnowledge, key: number, hour: number): void {
  const { keys } = known;
  const before = keys.hourOf(key);
  if (hour <= before) return;
  keys.touch(key);
  const cells = keys.cellsOf(key);
  for (let scale = 0; scale < SCALES; scale++) {
    const hours = SCALE_HOURS[scale]!;
    const steps = Math.floor(hour / hours) - Math.floor(before / hours);
    if (steps === 0) break;
    shift(cells, keyRow(key) + scale * 2 * K_BLOCK, K_BLOCK, steps);
    if (scale === A_DAY) forgetKey(known, key, steps);
  }
  keys.setHour(key, hour);
}

/** A row's filling block becomes the one before it, or the one before is empty, too; a loop costs less than a call for so few cells. */
function shift(cells: Float32Array, at: number, size: number, steps: number): void {
  for (let i = at; i < at + size; i++) {
    cells[i + size] = steps === 1 ? cells[i]! : 0;
    cells[i] = 0;
  }
}

function rollKeys(known: PartitionKnowledge, slot: number, hour: number): void {
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    known.keys.touch(key);
    rollKey(known, key, hour);
  }
}

/** Moves a program on to an hour, closing what ends on the way. Its row has been touched. */
export function rollProgram(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const numbers = known.programs.numbersOf(slot);
  const at = numbersRow(slot);
  if (numbers[at + P_HOUR] === hour) return;
  if (numbers[at + P_HOUR] === NEVER) {
    numbers[at + P_HOUR] = numbers[at + P_FIRST_HOUR] = hour;
    return;
  }
  const dayEnds = (Math.floor(numbers[at + P_HOUR]! / DAY_HOURS) + 1) * DAY_HOURS;
  if (hour - HOURS_WALKED_MAX > dayEnds) {
    walk(known, slot, classNumber, dayEnds);
    jump(known, slot, hour - HOURS_WALKED_MAX);
  }
  walk(known, slot, classNumber, hour);
}

function walk(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const numbers = known.programs.numbersOf(slot);
  const at = numbersRow(slot) + P_HOUR;
  for (let next = numbers[at]! + 1; next <= hour; next++) {
    closeHour(known, slot, classNumber, next);
    numbers[at] = next;
  }
}

/** Over a long silence, from the beginning of a day on: nothing is learned, and what was known fades. */
function jump(known: PartitionKnowledge, slot: number, hour: number): void {
  const numbers = known.programs.numbersOf(slot);
  const at = numbersRow(slot) + P_HOUR;
  forget(known, slot, Math.floor(hour / DAY_HOURS) - Math.floor(numbers[at]! / DAY_HOURS));
  known.programs.cellsOf(slot).fill(0, programRow(slot), programRow(slot) + P_VISITS + SCALES);
  numbers[at] = hour;
}

/** The hour before `next` closes, and with it the blocks that end there. What was silent teaches its keys nothing. */
function closeHour(known: PartitionKnowledge, slot: number, classNumber: number, next: number): void {
  const cells = known.programs.cellsOf(slot);
  const at = programRow(slot);
  learnHour(known, slot, next - 1);
  known.common.learnHour(known.programs, slot);
  if (cells[at + P_TOLD] === next - 1) takeOutHeard(known, slot, next - 1);
  let closing = 1;
  if (next % SCALE_HOURS[FOUR_HOURS] === 0) {
    closing++;
    if (cells[at + FOUR_HOURS * 2 * P_BLOCK + P_CALLS]! > 1) {
      rollKeys(known, slot, next - 1);
      learnDispersions(known, slot, known.classes.row(classNumber), false);
    }
  }
  if (next % DAY_HOURS === 0) {
    closing++;
    if (cells[at + A_DAY * 2 * P_BLOCK + P_CALLS]! > 0) {
      rollKeys(known, slot, next - 1);
      learnDispersions(known, slot, known.classes.row(classNumber), true);
    }
    learnDay(known, slot, classNumber);
  }
  for (let scale = 0; scale < closing; scale++) {
    shift(cells, at + scale * 2 * P_BLOCK, P_BLOCK, 1);
    cells[at + P_VISITS + scale] = 0;
  }
  expectHour(known, slot, classNumber, next);
}

/** What is expected of an hour goes into the blocks that it fills. */
function expectHour(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const cells = known.programs.cellsOf(slot);
  const at = programRow(slot);
  const expected = expectedUses(known.programs, slot, known.classes.row(classNumber), hour);
  for (let scale = 0; scale < SCALES; scale++) cells[at + scale * 2 * P_BLOCK + P_EXPECTED]! += expected;
}

/** The uses of an hour that is over; of a day that alarmed not more than twice the ordinary ones. */
function learnHour({ programs }: PartitionKnowledge, slot: number, hour: number): void {
  const cells = programs.cellsOf(slot);
  const at = programRow(slot);
  const ofWeek = hourOfWeek(hour);
  const half = at + P_DAYS_SEEN + (ofWeek < 24 ? 0 : 1);
  const averaged = Math.min(HOURS_AVERAGED, cells[half]! + 1);
  const mean = programs.usesOfHour(slot, ofWeek);
  const uses = cells[at + P_USES]!;
  const limited = cells[at + P_ALARMED]! > 0 ? Math.min(uses, 2 * mean + 1) : uses;
  if (limited !== mean) programs.setUsesOfHour(slot, ofWeek, mean + (limited - mean) / averaged);
  // The day's last hour: the next time each of its hours is known once more.
  if (hour % 24 === 23) cells[half]!++;
}

/** What a program's filling block and those of its keys have so far counts half from now on (BLOCK_CALLS_MAX). Its row has been touched. */
export function halveBlock(known: PartitionKnowledge, slot: number, scale: number, hour: number): void {
  rollKeys(known, slot, hour);
  halve(known.programs.cellsOf(slot), programRow(slot) + scale * 2 * P_BLOCK, P_BLOCK);
  halve(known.programs.cellsOf(slot), programRow(slot) + P_VISITS + scale, 1);
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    halve(known.keys.cellsOf(key), keyRow(key) + scale * 2 * K_BLOCK, K_BLOCK);
    if (scale === A_DAY) halve(known.keys.cellsOf(key), keyRow(key) + K_SQUARES_TODAY, 1);
  }
}

function halve(cells: Float32Array, at: number, size: number): void {
  for (let i = at; i < at + size; i++) cells[i]! /= 2;
}

/** What was told is evidence no more: an episode that is over leaves the windows empty, so that its rest does not begin another. */
export function forgetTold(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const cells = known.programs.cellsOf(slot);
  const at = programRow(slot);
  cells.fill(0, at, at + P_VISITS + SCALES);
  cells[at + P_TOLD] = 0;
  expectHour(known, slot, classNumber, hour);
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    known.keys.touch(key);
    completeAmount(known, key, hour);
    known.keys.cellsOf(key).fill(0, keyRow(key), keyRow(key) + SCALES * 2 * K_BLOCK);
    forgetRamp(known, key);
  }
}
