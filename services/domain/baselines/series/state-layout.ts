/**
 * Where the state of one series lies in a flat array of 32-bit floats, so that many series are one table and its bytes are a checkpoint.
 * All zeros are a series of which nothing was seen.
 */
import type { SeriesConstants } from './constants.ts';

/** The five ways to look at a series, in the order of their contributions. */
export const SERIES_VIEWS = ['value', 'short_mean', 'long_mean', 'time_of_day', 'step'] as const;

/** Head of a state. What needs more than 24 bits (times, the origin) lies in two floats, see split-number.ts. */
export const ROWS = 0;
export const PEAK = 1;
export const ORIGIN = 2;
export const FIRST_TIME = 4;
export const LAST_TIME = 6;
const HEAD_FLOATS = 8;

/**
 * Of a view: how many stretches there are, the range, the largest surprises in falling order, then low and high end of each stretch, with
 * room for one more than are kept.
 */
export const STRETCHES = 0;
export const LOW = 1;
export const HIGH = 2;
export const LARGEST = 3;

export interface StateLayout {
  /** Length of a state, in floats of four bytes. */
  readonly floats: number;
  /** First float of the last values, a ring of `longRows`. */
  readonly recent: number;
  /** First float of the levels by time of day. */
  readonly levels: number;
  /** First float of the first view. */
  readonly views: number;
  readonly viewFloats: number;
}

export function layoutOf({ intervals, largest, longRows, slots }: SeriesConstants): StateLayout {
  const recent = HEAD_FLOATS;
  const levels = recent + longRows;
  const views = levels + slots;
  const viewFloats = LARGEST + largest + 2 * (intervals + 1);
  return { floats: views + SERIES_VIEWS.length * viewFloats, recent, levels, views, viewFloats };
}
