/**
 * Conformal p-values (Laxhammar & Falkman 2014; Burnaev & Ishimtsev 2016): the rank of a row's distance to its nearest neighbours among
 * those of a sliding window, and a power martingale over them (Vovk, Nouretdinov & Gammerman 2003), restarted at 1 (a CUSUM of evidence).
 */
import type { Approach, ApproachKind } from './approach.ts';

const WINDOW = 240;
const NEIGHBOURS = 3;
const POWER = 0.3;
const LOG_MAX = 60;

function start(): Approach {
  const values = new Float64Array(WINDOW);
  const distances = new Float64Array(WINDOW);
  let count = 0;
  let evidence = 0;
  const nearest = new Float64Array(NEIGHBOURS);
  const distanceOf = (value: number, kept: number): number => {
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < kept; i++) {
      const d = Math.abs(value - values[i]!);
      if (d < nearest[NEIGHBOURS - 1]!) {
        nearest[NEIGHBOURS - 1] = d;
        nearest.sort();
      }
    }
    return nearest[0]! + nearest[1]! + nearest[2]!;
  };
  return {
    next(value) {
      const kept = Math.min(count, WINDOW);
      const distance = kept < NEIGHBOURS ? 0 : distanceOf(value, kept);
      let above = 0;
      for (let i = 0; i < kept; i++) if (distances[i]! >= distance) above += 1;
      const p = (above + 1) / (kept + 1);
      evidence = Math.min(LOG_MAX, Math.max(0, evidence + Math.log(POWER) + (POWER - 1) * Math.log(p)));
      values[count % WINDOW] = value;
      distances[count % WINDOW] = distance;
      count += 1;
      return evidence - Math.log(p);
    },
  };
}

export const CONFORMAL: ApproachKind = {
  name: 'conformal nearest neighbours, power martingale',
  stateBytes: 4 * (2 * WINDOW + 2),
  start,
};
