/**
 * The last step of the approaches that are compared: surprise becomes a score from 0 to 1 by comparison with the largest that the series
 * itself has had, and only what exceeds a slowly halving recent peak is told, so that one event is one alarm.
 */
import type { Approach } from './approach.ts';

/** Past surprises that are kept; the smallest of them is the unit. */
const LARGEST = 5;
const KEPT_BY_ROW = 1 - 1 / 2000;
/** Twice as high as it was, a peak is back at its height after half a day of five-minute rows. */
const RAISE = 2;
const PEAK_BY_ROW = 0.5 ** (1 / 144);

export function emitting(approach: Approach): Approach {
  const largest = new Float64Array(LARGEST);
  let peak = 0;
  return {
    next(value, timeMs) {
      const surprise = approach.next(value, timeMs);
      const unit = largest[LARGEST - 1]!;
      const score = surprise > 0 ? surprise / (surprise + unit) : 0;
      for (let i = 0; i < LARGEST; i++) largest[i]! *= KEPT_BY_ROW;
      if (surprise > unit) {
        largest[LARGEST - 1] = surprise;
        largest.sort().reverse();
      }
      peak *= PEAK_BY_ROW;
      if (score <= peak) return 0;
      peak = RAISE * score;
      return score;
    },
  };
}

/** Every row as it is: for what the last step is worth. */
export function plain(approach: Approach): Approach {
  return {
    next(value, timeMs) {
      const surprise = approach.next(value, timeMs);
      return surprise / (surprise + 10);
    },
  };
}
