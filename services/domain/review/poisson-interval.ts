/**
 * The exact interval of a Poisson mean of which one count was seen (Garwood, Fiducial limits for the Poisson distribution, Biometrika 28,
 * 1936): from the mean under which so many or more are seen in 2.5 of a hundred cases, to the one under which so many or fewer are.
 */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Each side of a 95 % interval. */
const TAIL = 0.025;
/** The normal quantile of 1 - TAIL. */
const Z = 1.959963984540054;
/** From here on Wilson and Hilferty's approximation is closer than one in 10^6, and sums would become long. */
const EXACT_COUNT_MAX = 1_000;
/** Halvings of the stretch in which the mean lies: more than a double has digits. */
const BISECTIONS = 60;

/** @param count a whole number from 0; the interval covers the mean at least 95 times in a hundred */
export function poissonInterval(count: number): Interval {
  if (count > EXACT_COUNT_MAX) return { low: wilsonHilferty(count, -Z), high: wilsonHilferty(count + 1, Z) };
  // Wide enough on both sides for every count there can be here.
  const far = count + 10 * Math.sqrt(count + 1) + 10;
  const low = count === 0 ? 0 : meanWhere(far, (mean) => 1 - cumulative(count - 1, mean) < TAIL);
  return { low, high: meanWhere(far, (mean) => cumulative(count, mean) > TAIL) };
}

/** Half of the chi-square quantile with `2 k` degrees of freedom (Wilson and Hilferty, PNAS 17, 1931). */
function wilsonHilferty(k: number, z: number): number {
  return k * (1 - 1 / (9 * k) + z / (3 * Math.sqrt(k))) ** 3;
}

/** Where a condition that holds for small means ends, between 0 and `far`. */
function meanWhere(far: number, holds: (mean: number) => boolean): number {
  let low = 0;
  let high = far;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How often `count` or fewer are seen under a mean above 0: from the largest term down, each from the one before. */
function cumulative(count: number, mean: number): number {
  let logTerm = -mean + count * Math.log(mean);
  for (let i = 2; i <= count; i++) logTerm -= Math.log(i);
  let term = Math.exp(logTerm);
  let sum = 0;
  for (let i = count; i >= 0 && term > 0; i--) {
    sum += term;
    term *= i / mean;
  }
  return Math.min(1, sum);
}
