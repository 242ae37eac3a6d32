import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { poissonInterval } from '../../../services/domain/review/poisson-interval.ts';

describe('the 95 % interval of a Poisson mean', () => {
  // Halves of chi-square quantiles, as tables have them.
  test.each([
    [0, 0, 3.6889],
    [1, 0.0253, 5.5716],
    [2, 0.2422, 7.2247],
    [3, 0.6187, 8.7673],
    [10, 4.7954, 18.3904],
    [50, 37.111, 65.9188],
    [100, 81.364, 121.6268],
  ])('of %d is %d to %d', (count, low, high) => {
    const interval = poissonInterval(count);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });

  test('holds the count, and grows with it, also where the sum gives way to an approximation', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 990, max: 1_010 })), (count) => {
        const { low, high } = poissonInterval(count);
        const next = poissonInterval(count + 1);
        expect(low).toBeLessThanOrEqual(count);
        expect(high).toBeGreaterThan(count);
        expect(next.low).toBeGreaterThan(low);
        expect(next.high).toBeGreaterThan(high);
      }),
    );
    const [sum, approximation] = [poissonInterval(1_000), poissonInterval(1_001)];
    for (const side of ['low', 'high'] as const) expect(approximation[side] - sum[side]).toBeCloseTo(1, 1);
  });
});
