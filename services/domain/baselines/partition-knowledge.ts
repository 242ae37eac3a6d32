/** All that the baselines of a partition know, and the few questions that every feature asks of it. */
import { Calibration } from './calibration.ts';
import { CommonRate } from './common-rate.ts';
import { CALLS, FEATURE_COUNT, FIRST, QUIET, RATE } from './features.ts';
import { ScoreThreshold } from './score-threshold.ts';
import {
  C_BACKGROUND,
  C_DAYS,
  C_SHARE,
  C_SHARE_SQUARES,
  C_VISITS,
  C_VOLUME,
  C_VOLUME_SQUARES,
  C_WITH,
  categoryCell,
  type ClassRow,
  ClassRows,
} from './state/class-rows.ts';
import {
  K_BACKGROUND,
  K_CALLS,
  keyRow,
  K_DISPERSION,
  K_LEARNED,
  K_LEARNED_SQUARES,
  K_USES,
  K_VISITS,
  K_VOLUME,
  KeyRows,
  MARKS,
  NO_KEY,
} from './state/key-rows.ts';
import { P_FIRST_KEY, P_LEARNED_CALLS, P_LEARNED_USES, numbersRow, programRow, ProgramRows } from './state/program-rows.ts';
import { RecentUsers } from './state/recent-users.ts';
import {
  CLASS_CALLS,
  CLASS_ROW_CALLS,
  CLASS_SHARE_AT_FIRST,
  CLASS_SURE_DAYS,
  CLASS_USES,
  DISPERSION_AT_FIRST,
  DISPERSION_MAX,
  DISPERSION_MIN,
  FIRST_BETWEEN,
  POOL_PAIRS_MIN,
  POOLED_PAIRS,
} from './tuning.ts';

/** By feature, the tail that is assumed until there are days enough. Only rates are far from what they say: promotions are rates. */
const ASSUMED: readonly (readonly [nats: number, slope: number])[] = Array.from({ length: FEATURE_COUNT }, (_, feature) =>
  feature === QUIET || feature === RATE ? [12, 8] : feature === CALLS ? [6, 2] : [4, 1.3],
);
/** Of {@link PartitionKnowledge.clusterOf}: before blocks with few trials have been seen, the most, and from how many trials on it is believed. */
const CLUSTER_AT_FIRST = 1.5;
const CLUSTER_MAX = 4;
const CLUSTER_CHANCE_MIN = 50;
const DISPERSION_POOLED_MIN = 0.005;
/** Of the 24-hour over-dispersion against that of four hours. */
const DAY_RATIO_MIN = 0.3;
const DAY_RATIO_MAX = 1.2;
const CLASS_SHARE_MIN = 0.002;
const CLASS_WITH_MIN = 0.5;

export interface Volume {
  mean: number;
  variance: number;
}

export class PartitionKnowledge {
  readonly programs = new ProgramRows();
  readonly keys = new KeyRows();
  readonly classes = new ClassRows();
  readonly users = new RecentUsers();
  readonly calibrations = ASSUMED.map(([nats, slope]) => new Calibration(nats, slope));
  readonly common = new CommonRate();
  /** Of the highest score of a program-day. */
  readonly scores = new ScoreThreshold();
  /** The threshold in force: a day that alarmed counts as having just reached it. */
  threshold = 0;
  /** Pooled over-dispersion: by mark over four hours, then over a day; sums of excess squares and of pairs. */
  readonly dispersion = new Float64Array(4 * MARKS);
  /** By mark, of blocks with few trials: sum of squares, and of what chance alone would give. */
  readonly clustering = new Float64Array(2 * MARKS);
  /** By feature: sum of program-days' worst surprises, and how many. */
  readonly worst = new Float64Array(2 * FEATURE_COUNT);
  readonly #volume: Volume = { mean: 0, variance: 1 };
  /** By mark: pooled over-dispersion, then a day's; and what a day's is of four hours'. */
  readonly #pooled = new Float64Array(2 * MARKS).fill(DISPERSION_AT_FIRST);
  readonly #dayRatio = new Float64Array(MARKS).fill(1);
  readonly #clusters = new Float64Array(MARKS).fill(CLUSTER_AT_FIRST);

  /** Program-days when what they showed was last taken up. */
  daysAtRefresh = 0;

  /** Program-days with accesses, of programs of any age; halved now and then. */
  get daysSeen(): number {
    return this.calibrations[FIRST]!.days;
  }

  /** Takes up what program-days have shown since the last time. */
  refresh(): void {
    for (const calibration of this.calibrations) calibration.refresh();
    this.scores.refresh();
    this.daysAtRefresh = this.daysSeen;
  }

  /** Slot of a program by its id; made at first sight by the caller, who keeps the number. */
  addProgram(id: string): number {
    return this.programs.add(id);
  }

  firstKey(slot: number): number {
    return this.programs.numbersOf(slot)[numbersRow(slot) + P_FIRST_KEY]!;
  }

  /** The key of a program's category, or {@link NO_KEY}. */
  findKey(slot: number, category: number): number {
    const hinted = this.programs.hint(slot, category);
    if (hinted !== NO_KEY) return hinted;
    const key = this.keys.find(this.firstKey(slot), category);
    if (key !== NO_KEY) this.programs.setHint(slot, category, key);
    return key;
  }

  /** The key of a program's category, made at first sight. */
  keyOf(slot: number, category: number, hour: number): number {
    const key = this.findKey(slot, category);
    if (key !== NO_KEY) return key;
    const made = this.keys.add(category, hour, this.firstKey(slot));
    this.programs.numbersOf(slot)[numbersRow(slot) + P_FIRST_KEY] = made;
    this.programs.setHint(slot, category, made);
    return made;
  }

  /** Variance of few trials over that of chance: uses of one visit are of a kind. The rest of over-dispersion grows with their number. */
  clusterOf(mark: number): number {
    return this.#clusters[mark]!;
  }

  /** Pooled over-dispersion of a mark; `index` beyond the marks: over a day. */
  pooled(index: number): number {
    return this.#pooled[index]!;
  }

  /** Takes up what blocks added to {@link dispersion}. */
  poolDispersions(): void {
    for (let index = 0; index < 2 * MARKS; index++) {
      const pairs = this.dispersion[2 * index + 1]!;
      this.#pooled[index] =
        pairs > POOL_PAIRS_MIN ? Math.max(DISPERSION_POOLED_MIN, this.dispersion[2 * index]! / pairs) : DISPERSION_AT_FIRST;
    }
    for (let mark = 0; mark < MARKS; mark++) {
      const chance = this.clustering[2 * mark + 1]!;
      if (chance > CLUSTER_CHANCE_MIN)
        this.#clusters[mark] = Math.min(CLUSTER_MAX, Math.max(1, this.clustering[2 * mark]! / chance));
      const ratio = this.#pooled[mark + MARKS]! / this.#pooled[mark]!;
      this.#dayRatio[mark] = Math.min(DAY_RATIO_MAX, Math.max(DAY_RATIO_MIN, ratio));
    }
  }

  /** Over-dispersion of a mark of a key over four hours: its own, shrunk to the pool. */
  dispersionOf(key: number, mark: number): number {
    const at = keyRow(key) + K_DISPERSION + 2 * mark;
    const cells = this.keys.cellsOf(key);
    const own = (cells[at]! + this.pooled(mark) * POOLED_PAIRS) / (cells[at + 1]! + POOLED_PAIRS);
    return Math.min(DISPERSION_MAX, Math.max(DISPERSION_MIN, own));
  }

  /** The over-dispersion of a mark over a day, as a multiple of that over four hours. */
  dayRatio(mark: number): number {
    return this.#dayRatio[mark]!;
  }

  /** Expected share of a category among a program's uses. */
  shareOf(slot: number, key: number, classRow: ClassRow): number {
    return this.#shareFrom(this.#classShare(key, classRow), slot, key);
  }

  /** The same of a program that is new or hardly used, for which its class is nearly all there is: what few programs never did is not unheard of in another. */
  firstShareOf(slot: number, key: number, classRow: ClassRow): number {
    const sum = classRow[categoryCell(this.keys.categoryOf(key)) + C_SHARE]!;
    const ofClass = (sum + CLASS_SHARE_AT_FIRST * CLASS_SURE_DAYS) / (classRow[C_DAYS]! + CLASS_SURE_DAYS);
    return this.#shareFrom(ofClass, slot, key);
  }

  #shareFrom(ofClass: number, slot: number, key: number): number {
    const learned = this.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES]!;
    const all = this.programs.cellsOf(slot)[programRow(slot) + P_LEARNED_USES]!;
    return Math.min(0.995, (learned + ofClass * CLASS_USES) / (all + CLASS_USES));
  }

  /** The same among its calls. */
  callShareOf(slot: number, key: number, classRow: ClassRow): number {
    const learned = this.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_CALLS]!;
    const all = this.programs.cellsOf(slot)[programRow(slot) + P_LEARNED_CALLS]!;
    const strength = 2 * CLASS_USES;
    return Math.min(0.995, (learned + this.#classShare(key, classRow) * strength) / (all + strength));
  }

  #classShare(key: number, classRow: ClassRow): number {
    const days = classRow[C_DAYS]!;
    if (days <= 0) return CLASS_SHARE_AT_FIRST;
    return Math.max(CLASS_SHARE_MIN, classRow[categoryCell(this.keys.categoryOf(key)) + C_SHARE]! / days);
  }

  /** How much the shares of a category differ between the programs of a class: their variance over that of a single trial. */
  betweenPrograms(category: number, classRow: ClassRow): number {
    const at = categoryCell(category);
    const mean = classRow[at + C_SHARE]! / classRow[C_DAYS]!;
    const variance = classRow[at + C_SHARE_SQUARES]! / classRow[C_DAYS]! - mean * mean;
    const shown = Math.min(0.5, Math.max(0.03, variance / Math.max(0.01, mean * (1 - mean))));
    return betweenAfter(classRow[C_DAYS]!, shown);
  }

  /** Expected share of a key's uses that are in the background. */
  backgroundOf(key: number, classRow: ClassRow): number {
    const at = keyRow(key) + K_LEARNED;
    const cells = this.keys.cellsOf(key);
    const mean = Math.max(0.01, this.#ofClass(key, classRow, C_BACKGROUND, 0.05));
    return bounded((cells[at + K_BACKGROUND]! + mean * CLASS_CALLS) / (cells[at + K_USES]! + CLASS_CALLS), 0.003, 0.98);
  }

  /** Expected share of a key's calls that are the first of a user's visit. */
  visitsOf(key: number, classRow: ClassRow): number {
    const at = keyRow(key) + K_LEARNED;
    const cells = this.keys.cellsOf(key);
    const mean = this.#ofClass(key, classRow, C_VISITS, 0.5);
    return bounded((cells[at + K_VISITS]! + mean * CLASS_CALLS) / (cells[at + K_CALLS]! + CLASS_CALLS), 0.01, 0.99);
  }

  /** Mean and variance of the logarithmic volume of a call. Valid until the next question. */
  volumeOf(key: number, classRow: ClassRow): Volume {
    const at = keyRow(key) + K_LEARNED;
    const cells = this.keys.cellsOf(key);
    const category = categoryCell(this.keys.categoryOf(key));
    const days = classRow[category + C_WITH]!;
    const classMean = days > CLASS_WITH_MIN ? classRow[category + C_VOLUME]! / days : 0;
    const classVariance =
      days > CLASS_WITH_MIN ? Math.max(0.05, classRow[category + C_VOLUME_SQUARES]! / days - classMean * classMean) : 1;
    const calls = cells[at + K_CALLS]! + CLASS_ROW_CALLS;
    const mean = (cells[at + K_VOLUME]! + classMean * CLASS_ROW_CALLS) / calls;
    const squares = cells[keyRow(key) + K_LEARNED_SQUARES]!;
    this.#volume.mean = mean;
    this.#volume.variance = Math.max(
      VOLUME_VARIANCE_MIN,
      (squares + (classVariance + classMean * classMean) * CLASS_ROW_CALLS) / calls - mean * mean,
    );
    return this.#volume;
  }

  #ofClass(key: number, classRow: ClassRow, cell: number, otherwise: number): number {
    const at = categoryCell(this.keys.categoryOf(key));
    const days = classRow[at + C_WITH]!;
    return days > CLASS_WITH_MIN ? classRow[at + cell]! / days : otherwise;
  }
}

/** A standard deviation of a third of an e-fold: rows that never differ would make the first other number a sensation. */
const VOLUME_VARIANCE_MIN = 0.12;

/** How much programs of a class differ, by what it has shown in so many program-days: shrunk, for days of few programs show how these vary. */
export function betweenAfter(days: number, shown: number): number {
  return (days * shown + CLASS_SURE_DAYS * FIRST_BETWEEN) / (days + CLASS_SURE_DAYS);
}

function bounded(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
