/**
 * Says how odd each row of a series is, by the rows before it: five views of the row, how new each of them is, and a gate that tells one
 * event once. Only additions, multiplications, divisions: the same on every machine. docs/baselines-series.md derives it.
 */
import { SERIES_CONSTANTS, type SeriesConstants } from './constants.ts';
import { noveltyOf } from './novelty.ts';
import { bounded, readNumber, readTime, writeNumber, writeTime } from './split-number.ts';
import { FIRST_TIME, LAST_TIME, layoutOf, ORIGIN, PEAK, ROWS, SERIES_VIEWS, type StateLayout } from './state-layout.ts';

const DAY_MS = 86_400_000;
/** Integers up to here are exact in 32 bits; a history is as long as it needs to be long before. */
const ROWS_MAX = 2 ** 24;
/** A gate opens even where time stands still: halved in so many rows. */
const QUIET_ROWS_MAX = 2000;
/** Of the 24 bits of a float 8 are left for what is that much smaller than its distance to the origin. */
const ALONE = 2 ** 16;
const LN_2 = 0.6931471805599453;

/** Judges any number of series, whose states lie in arrays of the caller's. Keeps nothing of a series itself. */
export class SeriesDetector {
  readonly constants: SeriesConstants;
  readonly layout: StateLayout;
  /** Shares of the last row's surprise, in the order of SERIES_VIEWS: added in that order they are {@link surprise}. */
  readonly contributions = new Float64Array(SERIES_VIEWS.length);
  /** How odd the last row was, 0 to 1, whether or not it was told. */
  surprise = 0;
  readonly #weights: Float64Array;

  constructor(constants: SeriesConstants = SERIES_CONSTANTS) {
    this.constants = constants;
    this.layout = layoutOf(constants);
    const total = SERIES_VIEWS.length - 1 + constants.stepWeight;
    this.#weights = Float64Array.from(SERIES_VIEWS, (view) => (view === 'step' ? constants.stepWeight : 1) / total);
  }

  /**
   * Judges a row and learns it. `states` holds the state of the series from `at`, `layout.floats` long, zeros at first. `value` is
   * finite; rows come in the order of `timeMs` (milliseconds, UTC), and one that does not is judged all the same.
   * @returns the score, 0 to 1: the surprise, or 0 where a higher one was told not long ago
   */
  next(states: Float32Array, at: number, value: number, timeMs: number): number {
    const state = states.subarray(at, at + this.layout.floats);
    if (state[ROWS] === 2 && this.#isFirstAlone(state, value)) state.fill(0);
    const rows = state[ROWS]!;
    if (rows === 0) this.#begin(state, value, timeMs);
    const x = this.#fromOrigin(state, value);
    this.#judge(state, x, rows, timeMs);
    state[ROWS] = rows + 1 < ROWS_MAX ? rows + 1 : ROWS_MAX - this.constants.longRows;
    return this.#tell(state, timeMs - readTime(state, LAST_TIME), timeMs);
  }

  #begin(state: Float32Array, value: number, timeMs: number): void {
    writeNumber(state, ORIGIN, bounded(value));
    writeTime(state, FIRST_TIME, timeMs);
    state.fill(Number.NaN, this.layout.levels, this.layout.levels + this.constants.slots);
  }

  /** Floats are fine near 0: everything is a difference to the first value. */
  #fromOrigin(state: Float32Array, value: number): number {
    return Math.fround(bounded(bounded(value) - readNumber(state, ORIGIN)));
  }

  /** The first of three rows is so far from the others that beside it they look the same: a placeholder, or rubbish. Begin without. */
  #isFirstAlone(state: Float32Array, third: number): boolean {
    const x = this.#fromOrigin(state, third);
    return Math.abs(x) > ALONE * Math.abs(x - state[this.layout.recent + 1]!);
  }

  #judge(state: Float32Array, x: number, rows: number, timeMs: number): void {
    const { shortRows, longRows, historyRows } = this.constants;
    const { recent } = this.layout;
    const count = rows + 1;
    const confidence = count / (count + historyRows);
    const before = rows === 0 ? Number.NaN : state[recent + ((rows - 1) % longRows)]!;
    state[recent + (rows % longRows)] = x;
    this.surprise = 0;
    this.#look(state, 0, x, confidence);
    this.#look(state, 1, count < shortRows ? Number.NaN : this.#meanOfLast(state, rows, shortRows), confidence);
    this.#look(state, 2, count < longRows ? Number.NaN : this.#meanOfLast(state, rows, longRows), confidence);
    this.#look(state, 3, this.#besideTimeOfDay(state, x, timeMs), confidence);
    this.#look(state, 4, x - before, confidence);
  }

  /** One view; not a number where it does not see anything yet. */
  #look(state: Float32Array, index: number, seen: number, confidence: number): void {
    const view = this.layout.views + index * this.layout.viewFloats;
    const novelty = Number.isNaN(seen) ? 0 : noveltyOf(state, view, Math.fround(seen), this.constants);
    const part = this.#weights[index]! * novelty * confidence;
    this.contributions[index] = part;
    this.surprise += part;
  }

  /** The ring has the newest row at `rows`. */
  #meanOfLast(state: Float32Array, rows: number, count: number): number {
    const { longRows } = this.constants;
    const { recent } = this.layout;
    let sum = 0;
    let place = rows % longRows;
    for (let i = 0; i < count; i++) {
      sum += state[recent + place]!;
      place = place === 0 ? longRows - 1 : place - 1;
    }
    return sum / count;
  }

  /** The difference to what this time of the day usually has; nothing on the first day. */
  #besideTimeOfDay(state: Float32Array, x: number, timeMs: number): number {
    const { slots, slotRate } = this.constants;
    const timeOfDay = timeMs - Math.floor(timeMs / DAY_MS) * DAY_MS;
    const at = this.layout.levels + Math.floor((timeOfDay / DAY_MS) * slots);
    const level = state[at]!;
    if (Number.isNaN(level)) {
      state[at] = x;
      return Number.NaN;
    }
    state[at] = level + slotRate * (x - level);
    return timeMs - readTime(state, FIRST_TIME) < DAY_MS ? Number.NaN : x - level;
  }

  /** Tells a surprise that stands out from what was told lately, and remembers it as higher than it was. */
  #tell(state: Float32Array, sinceMs: number, timeMs: number): number {
    const { quietMs, quietRowsMin, raise } = this.constants;
    const share = Math.max(1 / QUIET_ROWS_MAX, Math.min(sinceMs / quietMs, 1 / quietRowsMin));
    const peak = state[PEAK]! * (1 - LN_2 * share);
    writeTime(state, LAST_TIME, timeMs);
    const isTold = this.surprise > peak;
    state[PEAK] = isTold ? raise * this.surprise : peak;
    return isTold ? this.surprise : 0;
  }
}
