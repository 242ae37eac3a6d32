/**
 * The tail of a count: negative binomial around a seasonal level; or that and a CUSUM (Page 1954) of the log-likelihood ratio of twice the rate.
 * Level and season are exponential means of counts that are cut off where they surprise, so that an anomaly is learned slowly; the
 * dispersion (variance against mean) is fitted by moments and shrunk to a prior.
 */
import type { Approach } from '../approaches/approach.ts';
import type { TrafficApproach } from './traffic-approach.ts';

const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;
/** Days that an hour of the day has to have been seen to count as much as the level of all hours. */
const SEASON_PRIOR_DAYS = 2;
const LEVEL_RATE = 1 / 168;
const SEASON_RATE = 1 / 10;
const RATE_MIN = 0.02;
/** Variance against mean. One person's visit is many accesses, so a program that is rarely used has them in lumps. */
const DISPERSION_PRIOR = 4;
const DISPERSION_MIN = 1.05;
/** The prior weighs as much as so many accesses that were expected. */
const DISPERSION_WEIGHT = 10;
const DISPERSION_MEMORY = 1 - 1 / 500;
/** Counts are learned up to so many standard deviations, and accesses, above what was expected. */
const LEARNED_DEVIATIONS = 4;
const LEARNED_ACCESSES = 4;
/** In nats: what one hour adds to the sum at most, and the sum. */
const STEP_MAX = 4;
const SUM_MAX = 40;
/** What is left out of the tail is a smaller part of it than this. */
const NEGLIGIBLE = 1e-9;
const TERMS_MAX = 5_000;

/** Of x above 0: Stirling's series from 8 on. */
export function logGamma(x: number): number {
  let [shifted, product] = [x, 1];
  while (shifted < 8) product *= shifted++;
  const inverse = 1 / (shifted * shifted);
  const series = (1 / 12 - inverse * (1 / 360 - inverse / 1260)) / shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** -ln P(X >= count), X negative binomial with this mean and this size. `count` is whole and above the mean. */
export function tailSurprise(count: number, mean: number, size: number): number {
  const share = mean / (mean + size);
  const first =
    logGamma(count + size) - logGamma(size) - logGamma(count + 1) + size * Math.log(1 - share) + count * Math.log(share);
  let [sum, term] = [1, 1];
  for (let k = count; k < count + TERMS_MAX && term > sum * NEGLIGIBLE; k++) {
    term *= ((k + size) / (k + 1)) * share;
    sum += term;
  }
  return Math.max(0, -first - Math.log(sum));
}

function started(withSum: boolean): Approach {
  const seasons = new Float64Array(DAY_HOURS);
  const days = new Float64Array(DAY_HOURS);
  let [hours, level, squares, means, sum] = [0, 0, 0, 0, 0];
  return {
    next(value, timeMs) {
      const hour = Math.floor(timeMs / HOUR_MS) % DAY_HOURS;
      const known = days[hour]!;
      const mean = Math.max(RATE_MIN, (known * seasons[hour]! + SEASON_PRIOR_DAYS * level) / (known + SEASON_PRIOR_DAYS));
      const fitted = (squares + DISPERSION_WEIGHT * DISPERSION_PRIOR) / (means + DISPERSION_WEIGHT);
      const dispersion = Math.max(DISPERSION_MIN, fitted);
      const surprise = value > mean ? tailSurprise(value, mean, mean / (dispersion - 1)) : 0;
      // Of twice the rate against the rate, a Poisson's, taken as so much less as there is dispersion.
      const ratio = (value * Math.LN2 - mean) / dispersion;
      if (withSum) sum = Math.min(SUM_MAX, Math.max(0, sum + Math.min(STEP_MAX, ratio)));
      const learned = Math.min(value, mean + LEARNED_DEVIATIONS * Math.sqrt(dispersion * mean) + LEARNED_ACCESSES);
      squares = DISPERSION_MEMORY * squares + (learned - mean) ** 2;
      means = DISPERSION_MEMORY * means + mean;
      hours += 1;
      level += Math.max(LEVEL_RATE, 1 / hours) * (learned - level);
      days[hour] = Math.min(known + 1, 1 / SEASON_RATE);
      seasons[hour]! += (learned - seasons[hour]!) / days[hour];
      return Math.max(surprise, sum);
    },
  };
}

const COMMON = { stateBytes: 4 * (2 * DAY_HOURS + 5), series: 'hourly', value: 'count' } as const;

export const COUNT_TAIL: TrafficApproach = {
  ...COMMON,
  name: 'seasonal negative-binomial tail',
  start: () => started(false),
};

export const COUNT_TAIL_CUSUM: TrafficApproach = {
  ...COMMON,
  name: 'seasonal negative-binomial tail with CUSUM',
  start: () => started(true),
};
