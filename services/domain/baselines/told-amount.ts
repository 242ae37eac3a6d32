/**
 * What was told and comes back is no news: a weekly report that reads on thousands of phones at once does so every week, and whoever was told of it
 * once knows. As long as a day brings no more than twice what was told, of the same kind, it adds no alarm and is no surprise of the day, and what
 * would have alarmed is taken out of the windows at the end of the hour: it becomes neither ordinary nor evidence, for its own category or for others.
 */
import { BACKGROUND, CALLS, FEATURE_COUNT, NOVEL, RAMP, RHYTHM, ROWS, SHARE, USERS } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Sighting } from './sighting.ts';
import {
  K_BLOCK,
  K_CALLS,
  keyRow,
  K_SQUARES_TODAY,
  K_USES,
  K_VISITS,
  K_VOLUME,
  NO_KEY,
  type ToldOfKey,
} from './state/key-rows.ts';
import {
  NEVER,
  numbersRow,
  P_BLOCK,
  P_CALLS,
  P_LAST_ALARM,
  P_TOLD,
  P_USES,
  P_VISITS,
  programRow,
  TOLD,
} from './state/program-rows.ts';
import { A_DAY, AMOUNT_TOLD_HOURS, EPISODE_SECONDS, EVIDENT_USES_MIN, MORE_THAN_TOLD, SCALE_HOURS, SCALES } from './tuning.ts';

/** Bits of what an amount is of. More uses are the same thing whether told as new, as a share or as a ramp; unseen, by other users, or with more rows they are not. */
const KIND_OF_FEATURE = Array.from({ length: FEATURE_COUNT }, () => 0);
for (const feature of [SHARE, CALLS, NOVEL, RAMP]) KIND_OF_FEATURE[feature] = 1;
KIND_OF_FEATURE[BACKGROUND] = 2;
KIND_OF_FEATURE[USERS] = 4;
KIND_OF_FEATURE[ROWS] = 8;

/**
 * Whether what an access adds to was told before, and comes to no more than that. The key has been touched.
 * @param largest feature with the largest contribution
 * @param isAlarming its score reaches the threshold: then it has been heard once more; anything less is learned like whatever else is ordinary
 */
export function isToldAmount(
  known: PartitionKnowledge,
  seen: Sighting,
  key: number,
  hour: number,
  largest: number,
  contributions: Float64Array,
  isAlarming: boolean,
): boolean {
  const told = known.keys.told(key);
  if (told === undefined || (told.kinds & KIND_OF_FEATURE[largest]!) === 0 || contributions[RHYTHM]! > 0) return false;
  if (isForgotten(told, hour)) return false;
  const lastAlarm = known.programs.numbersOf(seen.program)[numbersRow(seen.program) + P_LAST_ALARM]!;
  if (lastAlarm !== NEVER && seen.seconds - lastAlarm < EPISODE_SECONDS && hour - told.hour <= 1) return false;
  const heardBefore = heardOfDay(told, hour);
  if (heardBefore + usesOfDay(known, key) > MORE_THAN_TOLD * told.amount + EVIDENT_USES_MIN) return false;
  if (!isAlarming) return true;
  const heard = known.keys.makeTold(key);
  heard.heardUses = heardBefore;
  heard.heardHour = hour;
  const program = known.programs.cellsOf(seen.program);
  const at = programRow(seen.program) + P_TOLD;
  // The end of an episode empties all windows anyway.
  if (program[at] !== TOLD) program[at] = hour;
  return true;
}

/** An alarm says what there is of it so far. */
export function rememberAmount(
  known: PartitionKnowledge,
  told: ToldOfKey,
  key: number,
  hour: number,
  contributions: Float64Array,
): void {
  let kinds = 0;
  for (let feature = 0; feature < FEATURE_COUNT; feature++) if (contributions[feature]! > 0) kinds |= KIND_OF_FEATURE[feature]!;
  if (kinds === 0) return;
  if (isForgotten(told, hour)) told.kinds = told.amount = 0;
  told.kinds |= kinds;
  told.amount = Math.max(told.amount, heardOfDay(told, hour) + usesOfDay(known, key));
  told.amountHour = hour;
}

/** An episode is over: what came after its last alarm was part of what was told. The key has been touched, and its windows are still full. */
export function completeAmount(known: PartitionKnowledge, key: number, hour: number): void {
  const told = known.keys.told(key);
  if (told === undefined || told.kinds === 0 || hour - told.amountHour > SCALE_HOURS[A_DAY]) return;
  const dayBefore = known.keys.cellsOf(key)[keyRow(key) + (2 * A_DAY + 1) * K_BLOCK + K_USES]!;
  known.keys.makeTold(key).amount = Math.max(told.amount, usesOfDay(known, key), dayBefore);
}

/** The hour in which something told was heard is over: its uses are taken out of all windows. The program's row has been touched. */
export function takeOutHeard(known: PartitionKnowledge, slot: number, hour: number): void {
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  program[at + P_TOLD] = 0;
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    if (known.keys.told(key)?.heardHour !== hour) continue;
    known.keys.touch(key);
    const cells = known.keys.cellsOf(key);
    const row = keyRow(key);
    const day = row + 2 * A_DAY * K_BLOCK;
    known.keys.makeTold(key).heardUses += cells[row + K_USES]!;
    // Of squares only the sum is known: as much of it as of the calls.
    cells[row + K_SQUARES_TODAY]! *= cells[day + K_CALLS]! > 0 ? left(1, cells[row + K_CALLS]! / cells[day + K_CALLS]!) : 0;
    // The hour itself last: it is what is taken out of the others.
    for (let scale = SCALES - 1; scale >= 0; scale--) {
      const p = at + 2 * scale * P_BLOCK;
      program[p + P_USES] = left(program[p + P_USES]!, cells[row + K_USES]!);
      program[p + P_CALLS] = left(program[p + P_CALLS]!, cells[row + K_CALLS]!);
      program[at + P_VISITS + scale] = left(program[at + P_VISITS + scale]!, cells[row + K_VISITS]!);
      const k = row + 2 * scale * K_BLOCK;
      for (let i = 0; i < K_BLOCK; i++) cells[k + i] = left(cells[k + i]!, cells[row + i]!);
      // Sums of logarithms are rounded.
      if (cells[k + K_CALLS] === 0) cells[k + K_VOLUME] = 0;
    }
  }
}

/** Blocks that were halved (BLOCK_CALLS_MAX) have less in them than the hour. */
function left(of: number, taken: number): number {
  return Math.max(0, of - taken);
}

function usesOfDay(known: PartitionKnowledge, key: number): number {
  return known.keys.cellsOf(key)[keyRow(key) + 2 * A_DAY * K_BLOCK + K_USES]!;
}

/** Uses that were taken out of the windows of this day. */
function heardOfDay(told: Readonly<ToldOfKey>, hour: number): number {
  const isToday = Math.floor(told.heardHour / SCALE_HOURS[A_DAY]) === Math.floor(hour / SCALE_HOURS[A_DAY]);
  return isToday ? told.heardUses : 0;
}

function isForgotten(told: Readonly<ToldOfKey>, hour: number): boolean {
  return hour - Math.max(told.amountHour, told.heardHour) > AMOUNT_TOLD_HOURS;
}
