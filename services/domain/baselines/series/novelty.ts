/**
 * How new a value is to one view of a series: its distance to the nearest stretch of values that were seen, against the range of all of
 * them and the largest distances that there have been. A unit that the series itself sets, so no range has to be known.
 */
import type { SeriesConstants } from './constants.ts';
import { HIGH, LARGEST, LOW, STRETCHES } from './state-layout.ts';

/** Judges a value by what was seen, then learns it. @returns 0 (seen) to 1 */
export function noveltyOf(state: Float32Array, view: number, value: number, constants: SeriesConstants): number {
  const { largest, rangeShare, gapShare } = constants;
  const first = view + LARGEST + largest;
  const count = state[view + STRETCHES]!;
  if (count === 0) {
    state[view + LOW] = value;
    state[view + HIGH] = value;
    insertStretch(state, view, first, 0, value);
    return 0;
  }
  let above = 0;
  while (above < count && state[first + 2 * above]! <= value) above += 1;
  const below = above > 0 ? value - state[first + 2 * above - 1]! : Number.POSITIVE_INFINITY;
  const range = state[view + HIGH]! - state[view + LOW]!;
  const unit = state[view + LARGEST + largest - 1]!;
  let distance = 0;
  if (below > 0) {
    const toNext = above < count ? state[first + 2 * above]! - value : Number.POSITIVE_INFINITY;
    const isBetween = above > 0 && above < count;
    distance = Math.min(below, toNext) * (isBetween ? gapShare : 1);
    insertStretch(state, view, first, above, value);
    if (count >= constants.intervals) joinNearest(state, view, first);
  }
  rememberDistance(state, view + LARGEST, distance, constants);
  learnRange(state, view, value, constants.growthShare * range + unit, constants.memoryRows);
  return distance > 0 ? distance / (distance + rangeShare * range + unit) : 0;
}

function insertStretch(state: Float32Array, view: number, first: number, place: number, value: number): void {
  const count = state[view + STRETCHES]!;
  state.copyWithin(first + 2 * place + 2, first + 2 * place, first + 2 * count);
  state[first + 2 * place] = value;
  state[first + 2 * place + 1] = value;
  state[view + STRETCHES] = count + 1;
}

/** The two neighbours with the smallest gap become one. */
function joinNearest(state: Float32Array, view: number, first: number): void {
  const count = state[view + STRETCHES]!;
  let place = 1;
  let gap = Number.POSITIVE_INFINITY;
  for (let i = 1; i < count; i++) {
    const width = state[first + 2 * i]! - state[first + 2 * i - 1]!;
    if (width < gap) {
      gap = width;
      place = i;
    }
  }
  state.copyWithin(first + 2 * place - 1, first + 2 * place + 1, first + 2 * count);
  state[view + STRETCHES] = count - 1;
}

function rememberDistance(state: Float32Array, at: number, distance: number, { largest, memoryRows }: SeriesConstants): void {
  const kept = 1 - 1 / memoryRows;
  const smallest = state[at + largest - 1]!;
  for (let i = 0; i < largest; i++) state[at + i]! *= kept;
  if (distance <= smallest) return;
  let place = largest - 1;
  for (; place > 0 && state[at + place - 1]! < distance; place--) state[at + place] = state[at + place - 1]!;
  state[at + place] = distance;
}

/** Shrinks slowly around its middle; widens by `growthMax` at most in one row, except while nothing is known. */
function learnRange(state: Float32Array, view: number, value: number, growthMax: number, memoryRows: number): void {
  const low = state[view + LOW]!;
  const high = state[view + HIGH]!;
  const growth = high > low ? growthMax : Number.POSITIVE_INFINITY;
  const from = Math.max(Math.min(low, value), low - growth);
  const to = Math.min(Math.max(high, value), high + growth);
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * (1 - 1 / memoryRows);
  // What was just seen is inside, as far as the range may go.
  state[view + LOW] = Math.min(Math.max(value, from), middle - half);
  state[view + HIGH] = Math.max(Math.min(value, to), middle + half);
}
