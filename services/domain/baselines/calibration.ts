/**
 * How surprising a surprise is on this platform: nominal surprises are calibrated by what ordinary program-days show, because no
 * model of them is right (empirical null: B. Efron 2004; the tail above a quantile is taken as exponential: J. Pickands 1975 with shape 0).
 *
 * For each feature a histogram of every program-day's worst surprise. `folds(s)` is how many e-folds rarer than the platform's worst tenth of
 * program-days a surprise is: 0 up to the 90 % quantile, linear between quantiles, beyond the last one along the slope that the upper
 * quantiles have. Until there are days enough, an assumed tail stands in.
 */
import { DayHistogram } from './day-histogram.ts';
import type { ByteReader, ByteWriter } from '../state/bytes.ts';

const BINS_A_NAT = 4;
const QUANTILES = [0.9, 0.95, 0.98, 0.99, 0.995] as const;
/** `folds` at each quantile. */
const FOLDS = QUANTILES.map((p) => Math.log(0.1 / (1 - p)));
/** Below this no quantile is believed: a platform cannot be that quiet. */
const NATS_MIN = 2.5;
/** Nats an e-fold costs at least: nominal surprises are bounds, so their tail is never steeper than this. */
const SLOPE_MIN = 1;
/** Program-days beyond a quantile that make it believed. */
const DAYS_BEYOND = 2;

export class Calibration {
  readonly #histogram = new DayHistogram(BINS_A_NAT);
  readonly #nats = new Float64Array(QUANTILES.length);
  #slope = SLOPE_MIN;
  readonly #assumedNats: number;
  readonly #assumedSlope: number;

  /** The tail that is assumed at first: nats at the 90 % quantile, and nats an e-fold beyond it. */
  constructor(assumedNats: number, assumedSlope: number) {
    this.#assumedNats = assumedNats;
    this.#assumedSlope = assumedSlope;
    this.refresh();
  }

  get days(): number {
    return this.#histogram.days;
  }

  /** The 90 % quantile: what the worst of nine ordinary days in ten stays below. */
  get ordinaryNats(): number {
    return this.#nats[0]!;
  }

  get highNats(): number {
    return this.#nats[QUANTILES.length - 1]!;
  }

  add(nats: number): void {
    this.#histogram.add(nats);
  }

  /** A day that was added with `from` nats has come to `to`. */
  move(from: number, to: number): void {
    this.#histogram.move(from, to);
  }

  /** Takes up what was added since the last time. */
  refresh(): void {
    this.#histogram.fade();
    const { days } = this;
    const nats = this.#nats;
    for (let i = 0; i < QUANTILES.length; i++) {
      const p = QUANTILES[i]!;
      const assumed = this.#assumedNats + this.#assumedSlope * FOLDS[i]!;
      const measured = days === 0 ? assumed : this.#histogram.quantile(p);
      const belief = Math.min(1, (days * (1 - p)) / DAYS_BEYOND);
      const value = belief * Math.max(measured, NATS_MIN) + (1 - belief) * Math.max(assumed, measured);
      nats[i] = i === 0 ? value : Math.max(value, nats[i - 1]! + SLOPE_MIN * (FOLDS[i]! - FOLDS[i - 1]!));
    }
    this.#slope = Math.max(SLOPE_MIN, this.#slopeBetween(0.95, 0.995), this.#slopeBetween(0.9, 0.99));
  }

  /** Nats an e-fold costs between two of the quantiles. */
  #slopeBetween(from: (typeof QUANTILES)[number], to: (typeof QUANTILES)[number]): number {
    const [low, high] = [QUANTILES.indexOf(from), QUANTILES.indexOf(to)];
    return (this.#nats[high]! - this.#nats[low]!) / (FOLDS[high]! - FOLDS[low]!);
  }

  /** How many e-folds rarer than the platform's worst tenth of program-days a surprise is. */
  folds(nats: number): number {
    const at = this.#nats;
    if (nats <= at[0]!) return 0;
    for (let i = 1; i < QUANTILES.length; i++) {
      if (nats <= at[i]!) return FOLDS[i - 1]! + ((nats - at[i - 1]!) / (at[i]! - at[i - 1]!)) * (FOLDS[i]! - FOLDS[i - 1]!);
    }
    return FOLDS[QUANTILES.length - 1]! + (nats - at[QUANTILES.length - 1]!) / this.#slope;
  }

  write(out: ByteWriter): void {
    this.#histogram.write(out);
    for (const nats of this.#nats) out.double(nats);
    out.double(this.#slope);
  }

  /** @throws PageCorruptError when the bytes are not what was written */
  restore(reader: ByteReader): void {
    this.#histogram.restore(reader);
    for (let i = 0; i < QUANTILES.length; i++) this.#nats[i] = reader.double();
    this.#slope = reader.double();
  }
}
