/**
 * Coverage: up to 24 disjoint stretches of the values seen, each with the row that was last in it; a value is as odd as it is far from the nearest
 * one that was seen in the last weeks, against a range that shrinks slowly.
 */
import type { Approach, ApproachKind } from './approach.ts';

const STRETCHES = 24;
/** A stretch where nothing was for so many rows is forgotten. */
const FORGOTTEN_ROWS = 8000;
const RANGE_BY_ROW = 1 - 1 / 2000;

interface Stretch {
  low: number;
  high: number;
  lastRow: number;
}

function start(): Approach {
  let stretches: Stretch[] = [];
  let [low, high, row] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const learn = (value: number): void => {
    const known = stretches.find((one) => one.low <= value && value <= one.high);
    if (known !== undefined) {
      known.lastRow = row;
      return;
    }
    stretches = [...stretches.filter(({ lastRow }) => row - lastRow < FORGOTTEN_ROWS), { low: value, high: value, lastRow: row }];
    stretches.sort((a, b) => a.low - b.low);
    if (stretches.length <= STRETCHES) return;
    const gaps = stretches.slice(1).map((next, i) => next.low - stretches[i]!.high);
    const place = gaps.indexOf(Math.min(...gaps));
    const [left, right] = stretches.slice(place, place + 2) as [Stretch, Stretch];
    stretches.splice(place, 2, { low: left.low, high: right.high, lastRow: Math.max(left.lastRow, right.lastRow) });
  };
  return {
    next(value) {
      row += 1;
      const distances = stretches.map((one) => Math.max(0, one.low - value, value - one.high));
      const distance = distances.length === 0 ? 0 : Math.min(...distances);
      const range = Math.max(high - low, 0);
      learn(value);
      const middle = (low + high) / 2;
      const half = (range / 2) * RANGE_BY_ROW;
      [low, high] = row === 1 ? [value, value] : [Math.min(value, middle - half), Math.max(value, middle + half)];
      return range > 0 ? distance / range : distance > 0 ? 1 : 0;
    },
  };
}

export const COVERAGE: ApproachKind = { name: 'coverage of values', stateBytes: 4 * (3 * STRETCHES + 3), start };
