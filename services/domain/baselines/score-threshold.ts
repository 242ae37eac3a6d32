/**
 * The score that a budget of false episodes a program-day buys: the platform's own 98 % quantile of daily top scores and an exponential tail
 * beyond it. Not a higher quantile, because one or two program-days in a hundred may be incidents; what alarmed counts as having
 * just reached the threshold, so that alarms neither raise it nor make it fall.
 */
import { DayHistogram } from './day-histogram.ts';
import type { ByteReader, ByteWriter } from '../state/bytes.ts';

const BINS_A_FOLD = 8;
/** E-folds of score an e-fold of rarity costs at least: contributions are e-folds, and a sum of them has a heavier tail. */
const SLOPE_MIN = 1.55;
const [THRESHOLD_MIN, THRESHOLD_MAX] = [5, 14];
/** Program-days before the platform's own scores are believed a little, and wholly. */
const DAYS_FEW = 50;
const DAYS_ENOUGH = 500;
/**
 * Before that: eight features of which each has a tenth of the program-days above zero, so `0.8 / budget`, and 1.6 for their sums
 * (the tail of a sum of up to eight exponentials at 1 in 1,000, found numerically).
 */
const FEATURES_AT_ONCE = 0.8;
const FOR_SUMS = 1.6;

export class ScoreThreshold {
  readonly #histogram = new DayHistogram(BINS_A_FOLD);
  #daysTaken = 0;
  #q90 = 0;
  #q98 = 0;
  #slope = SLOPE_MIN;
  /** The last answer, and to what. */
  #budget = Number.NaN;
  #threshold = 0;

  /** What nine program-days in ten stay below. */
  get ordinaryScore(): number {
    return this.#q90;
  }

  /** The highest score of a program-day. */
  add(score: number): void {
    this.#histogram.add(score);
  }

  /** Takes up what was added since the last time. */
  refresh(): void {
    const histogram = this.#histogram;
    histogram.fade();
    this.#daysTaken = histogram.days;
    this.#budget = Number.NaN;
    const [q90, q95, q98] = [histogram.quantile(0.9), histogram.quantile(0.95), histogram.quantile(0.98)];
    this.#q90 = q90;
    this.#q98 = q98;
    this.#slope = Math.max(SLOPE_MIN, (q98 - q90) / Math.log(5), (q98 - q95) / Math.log(2.5));
  }

  /** @param budget false episodes a program-day, above 0 */
  at(budget: number): number {
    if (budget !== this.#budget) {
      this.#budget = budget;
      this.#threshold = this.#thresholdFor(budget);
    }
    return this.#threshold;
  }

  #thresholdFor(budget: number): number {
    const assumed = Math.log(FEATURES_AT_ONCE / budget) + FOR_SUMS;
    if (this.#daysTaken <= DAYS_FEW) return assumed;
    const measured = Math.min(THRESHOLD_MAX, Math.max(THRESHOLD_MIN, this.#q98 + this.#slope * Math.log(0.02 / budget)));
    const belief = Math.min(1, this.#daysTaken / DAYS_ENOUGH);
    return belief * measured + (1 - belief) * Math.max(assumed, measured);
  }

  write(out: ByteWriter): void {
    this.#histogram.write(out);
    for (const value of [this.#daysTaken, this.#q98, this.#slope]) out.double(value);
  }

  /** What {@link write} leaves out: pages of engine 3 do not have it, so it stands behind all that they have. */
  writeOrdinary(out: ByteWriter): void {
    out.double(this.#q90);
  }

  restoreOrdinary(reader: ByteReader): void {
    this.#q90 = reader.double();
  }

  restore(reader: ByteReader): void {
    this.#histogram.restore(reader);
    this.#daysTaken = reader.double();
    this.#q98 = reader.double();
    this.#slope = reader.double();
    this.#budget = Number.NaN;
  }
}
