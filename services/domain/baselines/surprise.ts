/** Surprises in nats: minus the logarithm of (a bound of) the probability that something ordinary goes so far. */

/**
 * `n KL(x/n || p)`: Chernoff's bound of the upper tail of a binomial (H. Chernoff 1952), so never more than the truth, and defined for any
 * number of trials. 0 unless more than the expected share was seen. Divide it by the variance inflation
 * `1 + (n - 1) rho` where trials are over-dispersed (D. A. Williams 1982).
 * @param x successes, `0 <= x <= n`
 * @param p expected share, `0 < p < 1`
 */
export function shareSurprise(x: number, n: number, p: number): number {
  const q = x / n;
  if (q <= p) return 0;
  return n * (q * Math.log(q / p) + (q < 1 ? (1 - q) * Math.log((1 - q) / (1 - p)) : 0));
}

/** Log-likelihood ratio, nats, of a share whose odds are `ratio` times those of `p`; negative where fewer were seen. */
export function oddsEvidence(x: number, n: number, p: number, ratio: number): number {
  return x * Math.log(ratio) - n * Math.log(1 + p * (ratio - 1));
}

/** The share from which on {@link oddsEvidence} is positive. */
export function evidentFrom(p: number, ratio: number): number {
  return Math.log(1 + p * (ratio - 1)) / Math.log(ratio);
}

/**
 * Whether an inflated surprise can exceed `nats` at all: `KL(q || p) <= (q - p)^2 / (p (1 - p))` (the chi-square divergence is never smaller), two
 * multiplications in place of logarithms.
 */
export function mayExceed(nats: number, x: number, n: number, p: number, inflation: number): boolean {
  const above = x - n * p;
  return above > 0 && above * above > nats * inflation * n * p * (1 - p);
}

/** The smallest whole number of successes whose inflated surprise exceeds `nats`, less one: what is ordinary goes so far. */
export function ordinaryUpTo(n: number, p: number, inflation: number, nats: number): number {
  let low = Math.floor(n * p);
  let high = Math.ceil(n);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (shareSurprise(Math.min(middle, n), n, p) / inflation <= nats) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The largest whole number of successes below the expected ones whose surprise, downwards, exceeds `nats`, plus one. */
export function ordinaryFrom(n: number, p: number, inflation: number, nats: number): number {
  return Math.max(0, Math.ceil(n) - ordinaryUpTo(n, 1 - p, inflation, nats));
}
