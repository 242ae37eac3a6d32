/** How far a counted number may be from the rate behind it. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of both tails together: a 95 % interval. */
const OUTSIDE = 0.05;
/** Halvings of the interval that holds the answer; doubles have no more digits. */
const HALVINGS = 100;
/** Parts of a probability that are too small to change it. */
const NEGLIGIBLE = 1e-18;

/**
 * The exact 95 % interval of the mean of a Poisson variable that was counted to be `count` (Garwood, Fiducial limits for the Poisson
 * distribution, Biometrika 28, 1936): from the mean at which `count` or more have a probability of 2.5 % to the one at which `count`
 * or fewer have it.
 */
export function poissonInterval(count: number): Interval {
  const far = count + 10 * Math.sqrt(count + 1) + 10;
  return {
    low: count === 0 ? 0 : meanAt(count - 1, 1 - OUTSIDE / 2, far),
    high: meanAt(count, OUTSIDE / 2, far),
  };
}

/** The mean, up to `far`, at which a Poisson variable is at most `count` with this probability, which falls as the mean grows. */
function meanAt(count: number, probability: number, far: number): number {
  const logFactorial = logFactorialOf(count);
  let low = 0;
  let high = far;
  for (let halving = 0; halving < HALVINGS && low < high; halving++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (atMost(count, middle, logFactorial) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X <= count) for a Poisson variable X: summed from its last term down, where terms shrink once they are below the mean. */
function atMost(count: number, mean: number, logFactorial: number): number {
  let term = Math.exp(count * Math.log(mean) - mean - logFactorial);
  // So far above the mean that the term is no number: what is left out is less than that.
  if (term === 0 && count > mean) return 1;
  let sum = 0;
  for (let value = count; value >= 0; value--) {
    sum += term;
    if (value < mean && term < sum * NEGLIGIBLE) break;
    term *= value / mean;
  }
  return Math.min(1, sum);
}

function logFactorialOf(count: number): number {
  let sum = 0;
  for (let factor = 2; factor <= count; factor++) sum += Math.log(factor);
  return sum;
}
