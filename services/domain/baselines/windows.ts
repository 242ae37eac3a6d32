/** Blocks of an hour, four hours and a day: they fill, close, teach, and are the ones before for as long again. */
import { forget, learnDay, learnDispersions } from './learning.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import { expectedUses, HOURS_AVERAGED, hourOfWeek } from './season.ts';
import { K_BLOCK, K_CELLS } from './state/key-rows.ts';
import {
  NEVER,
  P_ALARMED,
  P_BLOCK,
  P_CELLS,
  P_DAYS_SEEN,
  P_EXPECTED,
  P_FIRST_HOUR,
  P_HOUR,
  P_HOURS,
  P_NUMBERS,
  P_TOLD,
  P_USES,
  P_VISITS,
} from './state/program-rows.ts';
import { SCALE_HOURS, SCALES } from './tuning.ts';

/** Hours of silence that are gone through one by one; after more the windows are empty anyway. */
const HOURS_WALKED_MAX = 72;

/** Moves a key's blocks on to an hour. */
export function rollKey(known: PartitionKnowledge, key: number, hour: number): void {
  const { keys } = known;
  const before = keys.numbers[key * 2]!;
  if (hour <= before) return;
  keys.touch(key);
  const { cells } = keys.rows;
  for (let scale = 0; scale < SCALES; scale++) {
    const hours = SCALE_HOURS[scale]!;
    const steps = Math.floor(hour / hours) - Math.floor(before / hours);
    if (steps === 0) continue;
    const at = key * K_CELLS + scale * 2 * K_BLOCK;
    if (steps === 1) cells.copyWithin(at + K_BLOCK, at, at + K_BLOCK);
    else cells.fill(0, at + K_BLOCK, at + 2 * K_BLOCK);
    cells.fill(0, at, at + K_BLOCK);
  }
  keys.numbers[key * 2] = hour;
}

function rollKeys(known: PartitionKnowledge, slot: number, hour: number): void {
  for (let key = known.firstKey(slot); key !== -1; key = known.keys.next(key)) rollKey(known, key, hour);
}

function touchKeys(known: PartitionKnowledge, slot: number): void {
  for (let key = known.firstKey(slot); key !== -1; key = known.keys.next(key)) known.keys.touch(key);
}

/** Moves a program on to an hour, closing what ends on the way. Its row has been touched. */
export function rollProgram(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const numbers = known.programs.numbers;
  const at = slot * P_NUMBERS;
  if (numbers[at + P_HOUR] === NEVER) {
    numbers[at + P_HOUR] = numbers[at + P_FIRST_HOUR] = hour;
    return;
  }
  if (hour - numbers[at + P_HOUR]! > HOURS_WALKED_MAX) jump(known, slot, classNumber, hour - HOURS_WALKED_MAX);
  for (let next = numbers[at + P_HOUR]! + 1; next <= hour; next++) {
    closeHour(known, slot, classNumber, next);
    numbers[at + P_HOUR] = next;
  }
}

/** A long silence: the last day is learned as it stands, and what was known fades. */
function jump(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const at = slot * P_NUMBERS + P_HOUR;
  touchKeys(known, slot);
  learnDispersions(known, slot, known.classes.row(classNumber), false);
  learnDay(known, slot, classNumber);
  forget(known, slot, (hour - known.programs.numbers[at]!) / 24);
  const { cells } = known.programs.rows;
  cells.fill(0, slot * P_CELLS, slot * P_CELLS + P_VISITS + SCALES);
  rollKeys(known, slot, hour);
  known.programs.numbers[at] = hour;
}

/** The hour before `next` closes, and with it the blocks that end there. */
function closeHour(known: PartitionKnowledge, slot: number, classNumber: number, next: number): void {
  const { cells } = known.programs.rows;
  const at = slot * P_CELLS;
  learnHour(cells, at, next - 1);
  if (next % SCALE_HOURS[1] === 0) {
    touchKeys(known, slot);
    rollKeys(known, slot, next - 1);
    learnDispersions(known, slot, known.classes.row(classNumber), false);
  }
  if (next % SCALE_HOURS[2] === 0) {
    learnDispersions(known, slot, known.classes.row(classNumber), true);
    learnDay(known, slot, classNumber);
  }
  for (let scale = 0; scale < SCALES; scale++) {
    if (next % SCALE_HOURS[scale]! !== 0) continue;
    const block = at + scale * 2 * P_BLOCK;
    cells.copyWithin(block + P_BLOCK, block, block + P_BLOCK);
    cells.fill(0, block, block + P_BLOCK);
    cells[at + P_VISITS + scale] = 0;
  }
  if (next % SCALE_HOURS[1] === 0) rollKeys(known, slot, next);
  expectHour(known, slot, classNumber, next);
}

/** What is expected of an hour goes into the blocks that it fills. */
export function expectHour(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const { cells } = known.programs.rows;
  const at = slot * P_CELLS;
  const expected = expectedUses(cells, at, known.classes.row(classNumber), hour);
  for (let scale = 0; scale < SCALES; scale++) cells[at + scale * 2 * P_BLOCK + P_EXPECTED]! += expected;
}

/** The uses of an hour that is over; of a day that alarmed not more than twice the ordinary ones. */
function learnHour(cells: Float32Array, at: number, hour: number): void {
  const slot = hourOfWeek(hour);
  const half = at + P_DAYS_SEEN + (slot < 24 ? 0 : 1);
  const averaged = Math.min(HOURS_AVERAGED, cells[half]! + 1);
  const cell = at + P_HOURS + slot;
  const uses = cells[at + P_USES]!;
  const limited = cells[at + P_ALARMED]! > 0 ? Math.min(uses, 2 * cells[cell]! + 1) : uses;
  cells[cell]! += (limited - cells[cell]!) / averaged;
  // The day's last hour: the next time each of its hours is known once more.
  if (hour % 24 === 23) cells[half]!++;
}

/** What was told is evidence no more: an episode that is over leaves the windows empty, so that its rest does not begin another. */
export function forgetTold(known: PartitionKnowledge, slot: number, classNumber: number, hour: number): void {
  const { cells } = known.programs.rows;
  const at = slot * P_CELLS;
  cells.fill(0, at, at + P_VISITS + SCALES);
  cells[at + P_TOLD] = 0;
  expectHour(known, slot, classNumber, hour);
  for (let key = known.firstKey(slot); key !== -1; key = known.keys.next(key)) {
    known.keys.touch(key);
    known.keys.rows.cells.fill(0, key * K_CELLS, key * K_CELLS + SCALES * 2 * K_BLOCK);
  }
}
