/**
 * Bayesian online change point detection (Adams & MacKay 2007), a normal with unknown mean and variance for each run length, the least likely
 * of them dropped. Surprise is how improbable a row was under the mixture.
 */
import type { Approach, ApproachKind } from './approach.ts';

const RUNS_MAX = 24;
const HAZARD = 1 / 500;

interface Run {
  weight: number;
  count: number;
  mean: number;
  squares: number;
}

function start(): Approach {
  let runs: Run[] = [];
  let [center, spread] = [Number.NaN, 0];
  return {
    next(value) {
      if (Number.isNaN(center)) center = value;
      spread += 0.002 * ((value - center) ** 2 - spread);
      const prior = (spread || 1e-12) * 1;
      let total = 0;
      for (const run of runs) {
        const variance = (run.squares + prior) / (run.count + 1);
        const width = variance * (1 + 1 / (run.count + 0.1));
        const freedom = run.count + 1;
        const z2 = (value - run.mean) ** 2 / width;
        run.weight *= (1 + z2 / freedom) ** (-(freedom + 1) / 2) / Math.sqrt(width);
        total += run.weight;
      }
      const wide = prior * 4;
      const surprise = runs.length === 0 ? 0 : Math.max(0, -Math.log(total * Math.sqrt(prior) + 1e-30));
      const fresh = (1 / Math.sqrt(wide)) * (1 + (value - center) ** 2 / wide) ** -1;
      const born = HAZARD * (runs.length === 0 ? 1 : fresh);
      for (const run of runs) {
        run.weight *= 1 - HAZARD;
        const delta = value - run.mean;
        run.count += 1;
        run.mean += delta / run.count;
        run.squares += delta * (value - run.mean);
      }
      runs.push({ weight: born, count: 1, mean: value, squares: 0 });
      const sum = runs.reduce((all, run) => all + run.weight, 0);
      for (const run of runs) run.weight /= sum;
      if (runs.length > RUNS_MAX) runs = runs.toSorted((a, b) => b.weight - a.weight).slice(0, RUNS_MAX);
      center += 0.002 * (value - center);
      return surprise;
    },
  };
}

export const CHANGE_POINT: ApproachKind = { name: 'Bayesian online change point', stateBytes: 4 * (4 * RUNS_MAX + 2), start };
