/**
 * Given how much the program did in this hour, is this more of it than usual? A category of all accesses, and people of all accesses: the
 * tail of a beta-binomial, whose correlation (accesses of one visit are alike) is fitted by moments and shrunk to a prior. Rows: the
 * tail of a negative binomial around what so many accesses usually return. Nothing is assumed of how many accesses there should be.
 */
import { logGamma, tailSurprise } from './count-tail.ts';
import type { TrafficApproach, TrafficJudge } from './traffic-approach.ts';

/** A share is believed as much as if so many accesses had shown it. */
const SHARE_PRIOR = 0.1;
const SHARE_WEIGHT = 10;
const CORRELATION_PRIOR = 0.15;
const CORRELATION_MIN = 0.01;
const CORRELATION_MAX = 0.9;
/** In expected variances. */
const CORRELATION_WEIGHT = 20;
const DISPERSION_PRIOR = 10;
const DISPERSION_WEIGHT = 50;
/** By the hour with accesses. */
const MEMORY = 1 - 1 / 500;
/** In nats: what is odder counts for little when it is learned, but it counts, or a new habit would alarm for good. */
const ORDINARY_MAX = 12;
const ODD_WEIGHT = 0.1;
const NEGLIGIBLE = 1e-9;

/** -ln P(K >= k) of `total` with this mean share and correlation; 0 <= k <= total. */
export function shareSurprise(k: number, total: number, share: number, correlation: number): number {
  const size = 1 / correlation - 1;
  const [a, b] = [share * size, (1 - share) * size];
  const ways = logGamma(total + 1) - logGamma(k + 1) - logGamma(total - k + 1);
  const first = ways + logGamma(k + a) + logGamma(total - k + b) - logGamma(total + size);
  const whole = logGamma(a) + logGamma(b) - logGamma(size);
  let [sum, term] = [1, 1];
  for (let j = k; j < total && term > sum * NEGLIGIBLE; j++) {
    term *= ((total - j) * (j + a)) / ((j + 1) * (total - j - 1 + b));
    sum += term;
  }
  return Math.max(0, whole - first - Math.log(sum));
}

function startShare(): TrafficJudge {
  let [seen, of, excess, variances] = [0, 0, 0, 0];
  return {
    next(value, _timeMs, total) {
      if (total === 0) return 0;
      const share = (seen + SHARE_WEIGHT * SHARE_PRIOR) / (of + SHARE_WEIGHT);
      const fitted = (excess + CORRELATION_WEIGHT * CORRELATION_PRIOR) / (variances + CORRELATION_WEIGHT);
      const correlation = Math.min(CORRELATION_MAX, Math.max(CORRELATION_MIN, fitted));
      const surprise = value > share * total ? shareSurprise(value, total, share, correlation) : 0;
      const weight = surprise > ORDINARY_MAX ? ODD_WEIGHT : 1;
      const variance = share * (1 - share);
      // E (k - n p)^2 = n p (1 - p) (1 + (n - 1) correlation); each hour weighs as its pairs per access.
      excess = MEMORY * excess + weight * ((value - share * total) ** 2 / (total * variance) - 1);
      variances = MEMORY * variances + weight * (total - 1);
      seen = MEMORY * seen + weight * value;
      of = MEMORY * of + weight * total;
      return surprise;
    },
  };
}

function startRows(): TrafficJudge {
  let [rows, accesses, squares, means] = [0, 0, 0, 0];
  return {
    next(value, _timeMs, total) {
      if (total === 0) return 0;
      const mean = (total * (rows + 1)) / (accesses + 1);
      const dispersion = Math.max(1.05, (squares + DISPERSION_WEIGHT * DISPERSION_PRIOR) / (means + DISPERSION_WEIGHT));
      const surprise = value > mean ? tailSurprise(value, mean, mean / (dispersion - 1)) : 0;
      const weight = surprise > ORDINARY_MAX ? ODD_WEIGHT : 1;
      squares = MEMORY * squares + weight * (value - mean) ** 2;
      means = MEMORY * means + weight * mean;
      rows = MEMORY * rows + weight * value;
      accesses = MEMORY * accesses + weight * total;
      return surprise;
    },
  };
}

export const SHARE_TAIL: TrafficApproach = {
  name: 'shares given the accesses of the hour',
  stateBytes: 4 * 4,
  series: 'hourly',
  value: 'count',
  // Of itself a program's accesses are always all.
  start: (of) => (of === 'accesses' ? { next: () => 0 } : of === 'rows' ? startRows() : startShare()),
};
