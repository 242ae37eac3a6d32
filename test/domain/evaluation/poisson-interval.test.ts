import fc from 'fast-check';
import { expect, test } from 'vitest';
import { poissonInterval } from '../../../services/domain/evaluation/poisson-interval.ts';

test.each([
  // Garwood 1936, and every table since.
  [0, 0, 3.688879],
  [1, 0.025318, 5.571643],
  [2, 0.242209, 7.224688],
  [5, 1.623486, 11.668332],
  [10, 4.795389, 18.390356],
  [100, 81.36399, 121.62679],
])('a count of %i is compatible with means from %f to %f', (count, low, high) => {
  const interval = poissonInterval(count);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

/** P(X <= count), summed from the bottom with every term by itself. */
function atMost(count: number, mean: number): number {
  let sum = 0;
  for (let value = 0; value <= count; value++) {
    let log = -mean;
    for (let factor = 1; factor <= value; factor++) log += Math.log(mean / factor);
    sum += Math.exp(log);
  }
  return sum;
}

test('each end leaves 2.5 % outside, for any count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), (count) => {
      const { low, high } = poissonInterval(count);
      expect(atMost(count, high)).toBeCloseTo(0.025, 8);
      if (count > 0) expect(1 - atMost(count - 1, low)).toBeCloseTo(0.025, 8);
    }),
    { numRuns: 60 },
  );
});

test('counts of millions have an interval, too', () => {
  const { low, high } = poissonInterval(1_000_000);
  expect(low).toBeCloseTo(998_041, -1);
  expect(high).toBeCloseTo(1_001_962, -1);
});
