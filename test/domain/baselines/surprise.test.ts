import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ordinaryFrom, ordinaryUpTo, shareSurprise } from '../../../services/domain/baselines/surprise.ts';

/** `-ln P(X >= x)` of a binomial, summed term by term. */
function exactSurprise(x: number, n: number, p: number): number {
  let logTerm = n * Math.log(1 - p);
  const terms: number[] = [];
  for (let k = 0; k <= n; k++) {
    if (k >= x) terms.push(logTerm);
    logTerm += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p));
  }
  const largest = Math.max(...terms);
  const sum = terms.reduce((total, term) => total + Math.exp(term - largest), 0);
  return -(largest + Math.log(sum));
}

const shares = fc.double({ min: 0.001, max: 0.995, noNaN: true });
const trials = fc.integer({ min: 1, max: 400 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n), shares));
const edges = fc.tuple(
  fc.integer({ min: 1, max: 2000 }),
  shares,
  fc.double({ min: 1, max: 50, noNaN: true }),
  fc.double({ min: 0, max: 30, noNaN: true }),
);

describe('the surprise of a share', () => {
  it('is never more than the exact tail of the binomial says', () => {
    fc.assert(
      fc.property(trials, ([x, n, p]) => {
        const surprise = shareSurprise(x, n, p);
        expect(surprise).toBeGreaterThanOrEqual(0);
        expect(surprise).toBeLessThanOrEqual(exactSurprise(x, n, p) + 1e-9);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not far below it either: by the logarithm of the trials at most', () => {
    fc.assert(
      fc.property(trials, ([x, n, p]) => {
        if (x <= p * n) return;
        // Ash 1965, lemma 4.7.2: the tail is at least the bound over the square root of 8 n q (1 - q), or of 1 at the edge.
        const slack = x === n ? 0 : Math.log(Math.sqrt(8 * x * (1 - x / n)));
        expect(exactSurprise(x, n, p)).toBeLessThanOrEqual(shareSurprise(x, n, p) + slack + 1e-9);
      }),
      { numRuns: 2000 },
    );
  });

  it('grows with what was seen and is nothing up to what is expected', () => {
    fc.assert(
      fc.property(trials, ([x, n, p]) => {
        if (x <= p * n) expect(shareSurprise(x, n, p)).toBe(0);
        if (x < n) expect(shareSurprise(x + 1, n, p)).toBeGreaterThanOrEqual(shareSurprise(x, n, p));
      }),
    );
  });
});

describe('what is ordinary', () => {
  it('goes up to the last number whose surprise is within the nats', () => {
    fc.assert(
      fc.property(edges, ([n, p, inflation, nats]) => {
        const most = ordinaryUpTo(n, p, inflation, nats);
        expect(most).toBeLessThanOrEqual(n);
        expect(shareSurprise(most, n, p) / inflation).toBeLessThanOrEqual(nats);
        if (most < n) expect(shareSurprise(most + 1, n, p) / inflation).toBeGreaterThan(nats);
      }),
    );
  });

  it('begins at the first number whose surprise, downwards, is within them', () => {
    fc.assert(
      fc.property(edges, ([n, p, inflation, nats]) => {
        const least = ordinaryFrom(n, p, inflation, nats);
        const downwards = (x: number): number => shareSurprise(n - x, n, 1 - p) / inflation;
        expect(downwards(least)).toBeLessThanOrEqual(nats);
        if (least > 0) expect(downwards(least - 1)).toBeGreaterThan(nats);
        expect(least).toBeLessThanOrEqual(ordinaryUpTo(n, p, inflation, nats) + 1);
      }),
    );
  });
});
