import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chance, mix } from '../../services/simulator/chance/chance.ts';
import { exp, ln, power } from '../../services/simulator/chance/exact-math.ts';

const RUNS = { numRuns: 2_000 };

describe('the arithmetic', () => {
  it('takes logarithms as the engine does, but for the last digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(Math.log(x))));
      }),
      RUNS,
    );
  });

  it('raises to powers as the engine does, but for the last digits', () => {
    fc.assert(
      fc.property(fc.double({ min: -600, max: 600, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-13);
      }),
      RUNS,
    );
    expect(power(2, 10)).toBeCloseTo(1024, 9);
    expect(power(9, -0.5)).toBeCloseTo(1 / 3, 12);
  });
});

describe('chance', () => {
  it('draws the same numbers on every machine', () => {
    const chance = new Chance(1, 2, 3);
    const drawn = [
      chance.below(1e6),
      chance.poisson(40),
      chance.geometric(5),
      chance.between(3, 9),
      Math.round(chance.exponential(1e9)),
    ];
    expect(drawn).toEqual([685978, 33, 9, 8, 175743419]);
    expect(new Chance(9).at(1, 2, 3).below(1e6)).toBe(685978);
  });

  it('begins another stream at each place, however near', () => {
    const firsts = new Set<number>();
    for (let x = 0; x < 100; x++) for (let y = 0; y < 100; y++) firsts.add(new Chance(7, x, y).next());
    // 10,000 of 2^32 numbers: two equal ones are to be expected once in a hundred times.
    expect(firsts.size).toBeGreaterThan(9_997);
  });

  it.each([0.01, 0.7, 4, 16, 17, 90])('draws Poisson numbers with mean and variance %d', (mean) => {
    const chance = new Chance(5);
    const draws = Array.from({ length: 40_000 }, () => chance.poisson(mean));
    const average = draws.reduce((sum, each) => sum + each, 0) / draws.length;
    const variance = draws.reduce((sum, each) => sum + (each - average) ** 2, 0) / draws.length;
    const error = 5 * Math.sqrt(mean / draws.length);
    expect(Math.abs(average - mean)).toBeLessThan(error);
    expect(Math.abs(variance / mean - 1)).toBeLessThan(mean < 0.1 ? 0.3 : 0.05);
  });

  it('draws visits of the length that was asked for', () => {
    const chance = new Chance(6);
    for (const mean of [1, 1.5, 3, 16]) {
      const draws = Array.from({ length: 40_000 }, () => chance.geometric(mean));
      expect(Math.min(...draws)).toBe(1);
      expect(draws.reduce((sum, each) => sum + each, 0) / draws.length / mean).toBeCloseTo(1, 1);
    }
  });

  it('keeps all members when it shuffles, and reaches each when it weighs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (members, seed) => {
        expect(new Chance(seed).shuffled(members).sort((a, b) => a - b)).toEqual([...members].sort((a, b) => a - b));
      }),
    );
    const chance = new Chance(8);
    const counts = [0, 0, 0];
    for (let n = 0; n < 10_000; n++) counts[chance.weighted([1, 0, 3])]!++;
    expect(counts[1]).toBe(0);
    expect(counts[2]! / counts[0]!).toBeCloseTo(3, 0);
  });

  it('mixes without losing a number', () => {
    fc.assert(fc.property(fc.integer(), fc.integer(), (a, b) => mix(a) !== mix(b) || (a | 0) === (b | 0)));
  });
});
