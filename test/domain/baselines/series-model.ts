/** What docs/baselines-series.md says of a series, computed from lists of all that was seen, without tables, rings or places in an array. */
import { SERIES_CONSTANTS as K } from '../../../services/domain/baselines/series/constants.ts';

const DAY_MS = 86_400_000;
const KEPT = 1 - 1 / K.memoryRows;

export interface ModelledRow {
  readonly score: number;
  readonly surprise: number;
}

class ModelView {
  #stretches: { low: number; high: number }[] = [];
  #low = 0;
  #high = 0;
  /** Distances so far, as much of them as is remembered. */
  #distances: number[] = [];

  novelty(value: number): number {
    if (this.#stretches.length === 0) {
      this.#stretches = [{ low: value, high: value }];
      this.#low = this.#high = value;
      return 0;
    }
    const range = this.#high - this.#low;
    const unit = this.#distances[K.largest - 1] ?? 0;
    const distance = this.#distance(value);
    this.#distances = this.#distances.map((each) => Math.fround(each * KEPT));
    if (distance > unit) this.#distances.push(Math.fround(distance));
    this.#distances = this.#distances.toSorted((a, b) => b - a).slice(0, K.largest);
    this.#see(value);
    this.#widen(value, K.growthShare * range + unit);
    return distance === 0 ? 0 : distance / (distance + K.rangeShare * range + unit);
  }

  #distance(value: number): number {
    const gaps = this.#stretches.map(({ low, high }) => Math.max(0, low - value, value - high));
    const isBetween = this.#stretches.some(({ low }) => low > value) && this.#stretches.some(({ high }) => high < value);
    return Math.min(...gaps) * (isBetween ? K.gapShare : 1);
  }

  #see(value: number): void {
    if (this.#stretches.some(({ low, high }) => low <= value && value <= high)) return;
    const all = [...this.#stretches, { low: value, high: value }].toSorted((a, b) => a.low - b.low);
    if (all.length > K.intervals) {
      const gaps = all.slice(1).map(({ low }, i) => low - all[i]!.high);
      const place = gaps.indexOf(Math.min(...gaps));
      all.splice(place, 2, { low: all[place]!.low, high: all[place + 1]!.high });
    }
    this.#stretches = all;
  }

  #widen(value: number, growthMax: number): void {
    const growth = this.#high > this.#low ? growthMax : Number.POSITIVE_INFINITY;
    const low = Math.max(Math.min(this.#low, value), this.#low - growth);
    const high = Math.min(Math.max(this.#high, value), this.#high + growth);
    const [middle, half] = [(low + high) / 2, ((high - low) / 2) * KEPT];
    // Shrinking must not leave out what was just seen.
    this.#low = Math.fround(Math.min(Math.max(value, low), middle - half));
    this.#high = Math.fround(Math.max(Math.min(value, high), middle + half));
  }
}

/** Rows whose values are far below 10^37. */
export class SeriesModel {
  #values: number[] = [];
  #views = Array.from({ length: 5 }, () => new ModelView());
  #levels = new Map<number, number>();
  #firstMs = 0;
  #lastMs = 0;
  #peak = 0;

  next(value: number, timeMs: number): ModelledRow {
    if (this.#values.length === 2 && this.#isFirstAlone(value)) this.#forget();
    if (this.#values.length === 0) this.#firstMs = this.#lastMs = timeMs;
    this.#values.push(value);
    const surprise = this.#surprise(timeMs);
    const share = Math.max(1 / 2000, Math.min((timeMs - this.#lastMs) / K.quietMs, 1 / K.quietRowsMin));
    const peak = this.#peak * (1 - Math.LN2 * share);
    this.#lastMs = timeMs;
    this.#peak = Math.fround(surprise > peak ? K.raise * surprise : peak);
    return { surprise, score: surprise > peak ? surprise : 0 };
  }

  #isFirstAlone(third: number): boolean {
    const [first, second] = this.#values as [number, number];
    return Math.abs(third - first) > 2 ** 16 * Math.abs(third - second);
  }

  #forget(): void {
    this.#values = [];
    this.#views = Array.from({ length: 5 }, () => new ModelView());
    this.#levels = new Map();
    this.#peak = 0;
  }

  #surprise(timeMs: number): number {
    const n = this.#values.length;
    const [x, before] = [this.#fromFirst(n - 1), n === 1 ? null : this.#fromFirst(n - 2)];
    const seen = [
      x,
      this.#mean(K.shortRows),
      this.#mean(K.longRows),
      this.#besideTimeOfDay(x, timeMs),
      before === null ? null : x - before,
    ];
    const novelties = seen.map((each, i) => (each === null ? 0 : this.#views[i]!.novelty(Math.fround(each))));
    const weights = [1, 1, 1, 1, K.stepWeight];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return (novelties.reduce((sum, novelty, i) => sum + weights[i]! * novelty, 0) / total) * (n / (n + K.historyRows));
  }

  #fromFirst(row: number): number {
    return Math.fround(this.#values[row]! - this.#values[0]!);
  }

  #mean(rows: number): number | null {
    const n = this.#values.length;
    if (n < rows) return null;
    let sum = 0;
    for (let row = n - 1; row >= n - rows; row--) sum += this.#fromFirst(row);
    return sum / rows;
  }

  #besideTimeOfDay(x: number, timeMs: number): number | null {
    const slot = Math.floor((((timeMs % DAY_MS) + DAY_MS) % DAY_MS) / (DAY_MS / K.slots));
    const level = this.#levels.get(slot);
    this.#levels.set(slot, level === undefined ? x : Math.fround(level + K.slotRate * (x - level)));
    return level === undefined || timeMs - this.#firstMs < DAY_MS ? null : x - level;
  }
}
