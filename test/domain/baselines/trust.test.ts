import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uncertainty } from '../../../services/domain/baselines/trust.ts';

const learned = fc.double({ min: 0, max: 1e6, noNaN: true });

describe('how unsure a learned share is', () => {
  it('is as much as the class it began with when nothing was learned, and falls with what was', () => {
    expect(uncertainty(0, 12)).toBeCloseTo(1 / 12, 12);
    fc.assert(
      fc.property(learned, learned, (a, b) => {
        expect(uncertainty(a, 12)).toBeGreaterThan(0);
        expect(uncertainty(Math.max(a, b), 12)).toBeLessThanOrEqual(uncertainty(Math.min(a, b), 12));
      }),
    );
  });
});
