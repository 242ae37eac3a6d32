import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uncertainty } from '../../../services/domain/baselines/trust.ts';

const learned = fc.double({ min: 0, max: 1e6, noNaN: true });
const days = fc.integer({ min: 0, max: 60 });
const dispersion = fc.double({ min: 0, max: 0.9, noNaN: true });

describe('how unsure a learned share is', () => {
  it('is as much as the class it began with when nothing was learned, and never more', () => {
    expect(uncertainty(0, 0, 0.1, 12)).toBeCloseTo(1 / 12, 12);
    fc.assert(
      fc.property(learned, days, dispersion, (uses, age, rho) => {
        const unsure = uncertainty(uses, age, rho, 12);
        expect(unsure).toBeGreaterThan(0);
        expect(unsure).toBeLessThanOrEqual(1 / 12);
      }),
    );
  });

  it('falls with what was learned, and the slower the more a day’s uses depend on each other', () => {
    fc.assert(
      fc.property(learned, learned, days, dispersion, dispersion, (a, b, age, rho, other) => {
        expect(uncertainty(Math.max(a, b), age, rho, 12)).toBeLessThanOrEqual(uncertainty(Math.min(a, b), age, rho, 12));
        expect(uncertainty(a, age, Math.min(rho, other), 12)).toBeLessThanOrEqual(uncertainty(a, age, Math.max(rho, other), 12));
      }),
    );
  });

  it('does not fall below what so many days are worth, however many uses they had', () => {
    // Ten days whose uses agree with each other by a tenth are worth a hundred independent uses.
    expect(uncertainty(1e9, 10, 0.1, 12)).toBeCloseTo(1 / (10 / 0.1 + 12), 6);
  });
});
