/**
 * A small random cut forest (Guha et al. 2016) over the last four rows: each tree a sample of the past, and surprise the displacement that
 * the row would cause: how many siblings a cut that isolates it pushes down. Trees are cut anew from their samples, row by row in turn,
 * by a generator that starts the same each time.
 */
import { Chance } from '../../../services/simulator/chance/chance.ts';
import type { Approach, ApproachKind } from './approach.ts';

const TREES = 12;
const SAMPLE = 32;
const SHINGLE = 4;

function start(): Approach {
  const chance = new Chance(1);
  const samples = Array.from({ length: TREES }, () => [] as Float64Array[]);
  const recent = new Float64Array(SHINGLE);
  let count = 0;

  /** Cuts boxes until the point is alone; the largest share of a box that it was cut from, weighed by what was in there. */
  const displacement = (point: Float64Array, sample: readonly Float64Array[]): number => {
    let box = sample.filter((other) => other !== point);
    let most = 0;
    while (box.length > 0) {
      const low = point.slice();
      const high = point.slice();
      for (const other of box)
        for (let d = 0; d < SHINGLE; d++) {
          if (other[d]! < low[d]!) low[d] = other[d]!;
          if (other[d]! > high[d]!) high[d] = other[d]!;
        }
      let at = 0;
      for (let d = 0; d < SHINGLE; d++) at += high[d]! - low[d]!;
      if (at === 0) return most;
      at *= chance.next();
      let d = 0;
      while (d < SHINGLE - 1 && at > high[d]! - low[d]!) {
        at -= high[d]! - low[d]!;
        d += 1;
      }
      const cut = low[d]! + at;
      const isLow = point[d]! <= cut;
      const along = box.filter((other) => other[d]! <= cut === isLow);
      most = Math.max(most, (box.length - along.length) / (along.length + 1));
      box = along;
    }
    return most;
  };

  return {
    next(value) {
      recent.copyWithin(0, 1);
      recent[SHINGLE - 1] = value;
      count += 1;
      if (count < SHINGLE) return 0;
      const point = recent.slice();
      let sum = 0;
      for (const sample of samples) {
        sum += displacement(point, sample);
        if (sample.length < SAMPLE) sample.push(point);
        else if (chance.next() < SAMPLE / Math.min(count, 2000)) sample[chance.below(SAMPLE)] = point;
      }
      return sum / TREES;
    },
  };
}

export const CUT_FOREST: ApproachKind = {
  name: 'small random cut forest',
  stateBytes: 4 * (TREES * SAMPLE * SHINGLE + SHINGLE + 4),
  start,
};
