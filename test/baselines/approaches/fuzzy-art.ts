/**
 * Fuzzy adaptive resonance (Carpenter, Grossberg & Rosen 1991): the last eight rows, scaled by the range so far and coded with their
 * complement, against boxes that were learned; surprise is how badly the best box matches. A box grows only while it matches well.
 */
import type { Approach, ApproachKind } from './approach.ts';

const SHINGLE = 8;
const WIDTH = 2 * SHINGLE;
const BOXES = 24;
const VIGILANCE = 0.9;
const LEARNING = 0.1;
/** Prefers the tighter of two boxes that both contain the rows. */
const CHOICE = 0.01;

interface Box {
  readonly weights: Float64Array;
  lastRow: number;
}

/** The part of `coded` that the box holds, of all of it. */
function overlap(coded: Float64Array, box: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < WIDTH; i++) sum += Math.min(coded[i]!, box[i]!);
  return sum;
}

function start(): Approach {
  const recent = new Float64Array(SHINGLE);
  const boxes: Box[] = [];
  let [row, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const code = (): Float64Array => {
    const coded = new Float64Array(WIDTH);
    for (let i = 0; i < SHINGLE; i++) {
      const scaled = high > low ? Math.min(1, Math.max(0, (recent[i]! - low) / (high - low))) : 0.5;
      coded[i] = scaled;
      coded[SHINGLE + i] = 1 - scaled;
    }
    return coded;
  };
  return {
    next(value) {
      recent.copyWithin(0, 1);
      recent[SHINGLE - 1] = value;
      row += 1;
      [low, high] = [Math.min(low, value), Math.max(high, value)];
      if (row < SHINGLE) return 0;
      const coded = code();
      let [best, chosen, match] = [-1, null as Box | null, 0];
      for (const box of boxes) {
        const held = overlap(coded, box.weights);
        const choice = held / (CHOICE + box.weights.reduce((sum, one) => sum + one, 0));
        if (choice <= best) continue;
        [best, chosen, match] = [choice, box, held / SHINGLE];
      }
      if (chosen !== null && match >= VIGILANCE) {
        for (let i = 0; i < WIDTH; i++)
          chosen.weights[i]! += LEARNING * (Math.min(coded[i]!, chosen.weights[i]!) - chosen.weights[i]!);
        chosen.lastRow = row;
      } else {
        if (boxes.length >= BOXES)
          boxes.splice(boxes.indexOf(boxes.reduce((old, one) => (one.lastRow < old.lastRow ? one : old))), 1);
        boxes.push({ weights: coded.slice(), lastRow: row });
      }
      return chosen === null ? 0 : 1 - match;
    },
  };
}

export const FUZZY_ART: ApproachKind = {
  name: 'fuzzy adaptive resonance',
  stateBytes: 4 * (BOXES * (WIDTH + 1) + SHINGLE + 3),
  start,
};
