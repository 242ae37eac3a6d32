/**
 * What closed blocks teach: over-dispersion after four hours, everything else after a day. What alarms is hardly learned, and a day whose
 * mix of categories surprises is learned the less the more it does, so that what goes wrong slowly does not become normal.
 */
import { BACKGROUND, CALLS, FEATURE_COUNT, ROWS, SHARE, USERS } from './features.ts';
import { type PartitionKnowledge } from './partition-knowledge.ts';
import {
  C_BACKGROUND,
  C_DAYS,
  C_SHAPE,
  C_SHAPES,
  C_SHARE,
  C_SHARE_SQUARES,
  C_VISIT_DAYS,
  C_VISIT_SQUARES,
  C_VISIT_SUM,
  C_VISITS,
  C_VOLUME,
  C_VOLUME_SQUARES,
  C_WITH,
  categoryCell,
  type ClassRow,
} from './state/class-rows.ts';
import {
  K_BACKGROUND,
  K_BLOCK,
  K_CALLS,
  keyRow,
  K_DISPERSION,
  K_LEARNED,
  K_LEARNED_SQUARES,
  K_SQUARES_TODAY,
  K_USES,
  K_VISITS,
  K_VOLUME,
  MARK_BACKGROUND,
  MARK_CALLS,
  MARK_SHARE,
  MARK_VISITS,
  MARK_VOLUME,
  MARKS,
  NO_KEY,
} from './state/key-rows.ts';
import {
  P_ALARMED,
  P_BLOCK,
  P_CALLS,
  P_DAYS,
  P_DAYS_SEEN,
  P_LEARNED_CALLS,
  P_LEARNED_USES,
  P_LEARNED_VISITS,
  P_MEAN_HOUR,
  P_SCALE,
  P_TOP_SCORE,
  P_USES,
  P_VISITS,
  P_WORST,
  programRow,
  type ProgramRows,
} from './state/program-rows.ts';
import { learnRamp } from './ramps.ts';
import { trustIn } from './trust.ts';
import { learnWorst } from './worst-days.ts';
import {
  A_DAY,
  CLASS_USES,
  DAY_DISPERSION,
  DISPERSION_NATS,
  FOUR_HOURS,
  HALF_LIFE_DAYS,
  LEARNED_OF_ALARMS,
  PAIRS_A_BLOCK,
  SQUARE_MAX,
} from './tuning.ts';

/** Blocks of up to so many trials show how trials of one visit go together; larger ones show how days differ. */
const FEW_TRIALS = 6;
/** A program-day of so many uses counts as a whole one in its class; ten uses of a category. */
const DAY_USES = 40;
const WITH_USES = 10;
/** Uses that must have been learned before a deviation from them is one. */
const DISPERSION_USES_MIN = 10;
const DISPERSION_CALLS_MIN = 5;
const SHAPE_DAYS_MIN = 2;
const SHAPE_USES_MIN = 30;

/**
 * Takes in how far a block of a key was from what was expected in one mark.
 * @param squares squared deviation of the sum of `n` trials
 * @param unit the variance that chance alone gives one trial
 */
function learnDispersion(
  known: PartitionKnowledge,
  key: number,
  mark: number,
  isDay: boolean,
  squares: number,
  n: number,
  unit: number,
): void {
  if (n < 2) return;
  const weight = DAY_WEIGHTS[mark]!;
  const dispersion = known.dispersionOf(key, mark) * (isDay ? known.dayRatio(mark) : 1);
  const cluster = known.clusterOf(mark);
  const limited = Math.min(squares, SQUARE_MAX * n * unit * (cluster + (n - 1) * dispersion));
  if (!isDay && n <= FEW_TRIALS) {
    known.clustering[2 * mark]! += limited * weight;
    known.clustering[2 * mark + 1]! += n * unit * weight;
  }
  const pairs = n * (n - 1) * unit;
  const scale = weight * (pairs > PAIRS_A_BLOCK ? PAIRS_A_BLOCK / pairs : 1);
  const excess = (limited - cluster * n * unit) * scale;
  const pool = 2 * (mark + (isDay ? MARKS : 0));
  known.dispersion[pool]! += excess;
  known.dispersion[pool + 1]! += pairs * scale;
  if (isDay) return;
  const at = keyRow(key) + K_DISPERSION + 2 * mark;
  const cells = known.keys.cellsOf(key);
  cells[at]! += excess;
  cells[at + 1]! += pairs * scale;
}

function learnShareDispersion(
  known: PartitionKnowledge,
  key: number,
  mark: number,
  isDay: boolean,
  x: number,
  n: number,
  p: number,
): void {
  learnDispersion(known, key, mark, isDay, (x - p * n) ** 2, n, p * (1 - p));
}

/** By mark: the feature whose surprises say whether the day is one to learn from. */
const FEATURE_OF_MARK = [SHARE, BACKGROUND, USERS, ROWS, CALLS] as const;
/** By mark: what {@link weighDay} said of the day that is being learned. */
const DAY_WEIGHTS = new Float64Array(MARKS);

/** How much of the day so far says how much each mark varies: what is going wrong is not to make its program look restless. */
function weighDay(program: Float32Array, at: number): void {
  const weight = program[at + P_ALARMED]! > 0 ? LEARNED_OF_ALARMS : 1;
  for (let mark = 0; mark < MARKS; mark++) {
    const feature = FEATURE_OF_MARK[mark]!;
    const nats = program[at + P_WORST + feature]! / program[at + P_SCALE + feature]!;
    DAY_WEIGHTS[mark] = weight * Math.min(1, DISPERSION_NATS / (0.01 + nats));
  }
}

/** The filling block of a scale closes: how far its shares were from what was expected. */
export function learnDispersions(known: PartitionKnowledge, slot: number, classRow: ClassRow, isDay: boolean): void {
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  if (program[at + P_LEARNED_USES]! < DISPERSION_USES_MIN) return;
  const scale = isDay ? A_DAY : FOUR_HOURS;
  weighDay(program, at);
  const uses = program[at + scale * 2 * P_BLOCK + P_USES]!;
  const calls = program[at + scale * 2 * P_BLOCK + P_CALLS]!;
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    const cells = known.keys.cellsOf(key);
    const block = keyRow(key) + scale * 2 * K_BLOCK;
    const [x, c] = [cells[block + K_USES]!, cells[block + K_CALLS]!];
    const p = known.shareOf(slot, key, classRow);
    learnShareDispersion(known, key, MARK_SHARE, isDay, x, uses, p);
    if (!isDay) learnRamp(known, slot, key, x, uses, p);
    learnShareDispersion(known, key, MARK_CALLS, isDay, c, calls, known.callShareOf(slot, key, classRow));
    const inBackground = cells[block + K_BACKGROUND]!;
    if (x > 0) learnShareDispersion(known, key, MARK_BACKGROUND, isDay, inBackground, x, known.backgroundOf(key, classRow));
    if (c === 0 || cells[keyRow(key) + K_LEARNED + K_CALLS]! <= DISPERSION_CALLS_MIN) continue;
    learnShareDispersion(known, key, MARK_VISITS, isDay, cells[block + K_VISITS]!, c, known.visitsOf(key, classRow));
    const { mean, variance } = known.volumeOf(key, classRow);
    learnDispersion(known, key, MARK_VOLUME, isDay, (cells[block + K_VOLUME]! - c * mean) ** 2 / variance, c, 1);
  }
  known.poolDispersions();
}

/** How much of each use of a day counts as one that does not depend on the others (tuning.ts, DAY_DISPERSION). */
function independent(uses: number): number {
  return 1 / (1 + uses * DAY_DISPERSION);
}

/** A day of a program with its windows as they stand: what was worst, what is learned, what its class learns. */
export function learnDay(known: PartitionKnowledge, slot: number, classNumber: number): void {
  const classRow = known.classes.own(classNumber);
  known.classes.touch(classNumber);
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  const day = at + A_DAY * 2 * P_BLOCK;
  const uses = program[day + P_USES]!;
  if (uses > 0) learnWorst(known, slot);
  program.fill(0, at + P_WORST, at + P_WORST + FEATURE_COUNT);
  program[at + P_TOP_SCORE] = 0;
  // Of what alarms no more than of what is known: the first day of an abuse would otherwise be all that is.
  const ofAlarms = LEARNED_OF_ALARMS * Math.min(1, Math.max(program[at + P_LEARNED_USES]!, CLASS_USES) / Math.max(1, uses));
  const trust = (program[at + P_ALARMED]! > 0 ? ofAlarms : 1) * trustIn(known, slot, known.classes.row(classNumber), uses);
  const classWeight = Math.min(1, uses / DAY_USES) * trust;
  const weight = trust * independent(uses);
  const calls = program[day + P_CALLS]!;
  for (let key = calls === 0 ? NO_KEY : known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    learnKeyDay(known, key, classRow, uses, trust, classWeight);
  }
  const visits = program[at + P_VISITS + A_DAY]!;
  program[at + P_LEARNED_USES]! += weight * uses;
  program[at + P_LEARNED_CALLS]! += weight * calls;
  program[at + P_LEARNED_VISITS]! += weight * visits;
  const daysBefore = classRow[C_DAYS]!;
  classRow[C_DAYS] = daysBefore + classWeight;
  if (calls > 0) {
    const share = visits / calls;
    classRow[C_VISIT_DAYS]! += classWeight;
    classRow[C_VISIT_SUM]! += classWeight * share;
    classRow[C_VISIT_SQUARES]! += classWeight * share * share;
  }
  learnShape(known.programs, slot, classRow, uses);
  known.classes.noteGrowth(classNumber, daysBefore);
  program[at + P_DAYS]!++;
  program[at + P_ALARMED] = 0;
  forget(known, slot, 1);
}

function learnKeyDay(
  known: PartitionKnowledge,
  key: number,
  classRow: ClassRow,
  uses: number,
  trust: number,
  classWeight: number,
): void {
  const cells = known.keys.cellsOf(key);
  const row = keyRow(key);
  const block = row + A_DAY * 2 * K_BLOCK;
  const weight = trust * independent(uses);
  for (let i = 0; i < K_BLOCK; i++) cells[row + K_LEARNED + i]! += weight * cells[block + i]!;
  cells[row + K_LEARNED_SQUARES]! += weight * cells[row + K_SQUARES_TODAY]!;
  cells[row + K_SQUARES_TODAY] = 0;
  const ofClass = categoryCell(known.keys.categoryOf(key));
  const [x, calls] = [cells[block + K_USES]!, cells[block + K_CALLS]!];
  if (uses > 0) {
    const share = x / uses;
    classRow[ofClass + C_SHARE]! += classWeight * share;
    classRow[ofClass + C_SHARE_SQUARES]! += classWeight * share * share;
  }
  if (calls === 0) return;
  const withIt = Math.min(1, x / WITH_USES) * trust;
  const volume = cells[block + K_VOLUME]! / calls;
  classRow[ofClass + C_WITH]! += withIt;
  classRow[ofClass + C_BACKGROUND]! += (withIt * cells[block + K_BACKGROUND]!) / Math.max(1, x);
  classRow[ofClass + C_VISITS]! += (withIt * cells[block + K_VISITS]!) / calls;
  classRow[ofClass + C_VOLUME]! += withIt * volume;
  classRow[ofClass + C_VOLUME_SQUARES]! += withIt * (volume * volume + WITHIN_A_DAY);
}

/** Variance of the volume of calls within a day, beside the variance between days that the class measures. */
const WITHIN_A_DAY = 0.3;

function learnShape(programs: ProgramRows, slot: number, classRow: ClassRow, uses: number): void {
  const program = programs.cellsOf(slot);
  const at = programRow(slot);
  let sum = 0;
  let mean = 0;
  let halves = 0;
  for (let half = 0; half < 2; half++) {
    let ofHalf = 0;
    for (let i = 0; i < 24; i++) ofHalf += programs.usesOfHour(slot, half * 24 + i);
    sum += ofHalf;
    if (program[at + P_DAYS_SEEN + half]! > 0) {
      mean += ofHalf / 24;
      halves++;
    }
  }
  program[at + P_MEAN_HOUR] = halves === 0 ? 0 : mean / halves;
  if (uses <= 0 || sum <= 0 || program[at + P_LEARNED_USES]! < SHAPE_USES_MIN || program[at + P_DAYS]! < SHAPE_DAYS_MIN) return;
  for (let i = 0; i < 48; i++) classRow[C_SHAPE + i]! += (programs.usesOfHour(slot, i) / sum) * 2;
  classRow[C_SHAPES]!++;
}

/** Days pass: what was learned of a program fades. Its keys follow when they are looked at ({@link forgetKey}). */
export function forget(known: PartitionKnowledge, slot: number, days: number): void {
  const kept = keptAfter(days);
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  for (let i = P_LEARNED_USES; i <= P_LEARNED_VISITS; i++) program[at + i]! *= kept;
}

/** The same for a key, which has been touched. */
export function forgetKey(known: PartitionKnowledge, key: number, days: number): void {
  const kept = keptAfter(days);
  const cells = known.keys.cellsOf(key);
  const row = keyRow(key);
  for (let i = row + K_LEARNED; i <= row + K_LEARNED_SQUARES; i++) cells[i]! *= kept;
  for (let i = row + K_DISPERSION; i < row + K_DISPERSION + 2 * MARKS; i++) cells[i]! *= kept;
}

function keptAfter(days: number): number {
  return days === 1 ? KEPT_A_DAY : halfLives(days / HALF_LIFE_DAYS);
}

/** 0.5 to that power; `Math.exp` is the same on every machine that runs this engine, `**` need not be. */
function halfLives(count: number): number {
  return Math.exp(-Math.LN2 * count);
}

const KEPT_A_DAY = halfLives(1 / HALF_LIFE_DAYS);
