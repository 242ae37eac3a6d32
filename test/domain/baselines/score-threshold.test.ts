import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScoreThreshold } from '../../../services/domain/baselines/score-threshold.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';
import { Random } from '../../reference/random.ts';

const tops = fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { maxLength: 700 });
const budget = fc.double({ min: 1e-8, max: 1, noNaN: true });

function learned(days: readonly number[]): ScoreThreshold {
  const threshold = new ScoreThreshold();
  for (const score of days) threshold.add(score);
  threshold.refresh();
  return threshold;
}

describe('the score that a budget buys', () => {
  it('is higher the less may be spent', () => {
    fc.assert(
      fc.property(tops, budget, budget, (days, a, b) => {
        const threshold = learned(days);
        expect(threshold.at(Math.min(a, b))).toBeGreaterThanOrEqual(threshold.at(Math.max(a, b)));
      }),
    );
  });

  it('costs at least 1.55 e-folds an e-fold of rarity until it reaches its bounds, 5 and 14', () => {
    const threshold = learned(Array.from({ length: 1000 }, () => 0));
    expect(threshold.at(0.02)).toBe(5);
    expect(threshold.at(1e-8)).toBe(14);
    expect(threshold.at(0.00001) - threshold.at(0.0001)).toBeCloseTo(1.55 * Math.log(10), 6);
  });

  it('is assumed at first, and then the platform’s own', () => {
    const noisy = Array.from({ length: 700 }, (_, day) => (day % 20 === 0 ? 9 : 0));
    expect(learned(noisy.slice(0, 40)).at(0.001)).toBe(learned([]).at(0.001));
    expect(learned(noisy).at(0.001)).toBeGreaterThan(learned(noisy.map(() => 0)).at(0.001));
    expect(learned(noisy).at(0.001)).toBeLessThanOrEqual(14);
  });

  it('is kept: of exponential days about as many reach it as the budget allows', () => {
    const random = new Random(11);
    const day = (): number => Math.max(0, -1.5 * Math.log(1 - random.next()) - 1.5 * Math.log(2));
    const threshold = learned(Array.from({ length: 20_000 }, day)).at(0.002);
    const reached = Array.from({ length: 50_000 }, day).filter((score) => score >= threshold).length / 50_000;
    expect(reached).toBeGreaterThan(0.0008);
    expect(reached).toBeLessThan(0.004);
  });

  it('is the same when written and read again', () => {
    fc.assert(
      fc.property(tops, tops, budget, (before, since, value) => {
        const threshold = learned(before);
        for (const score of since) threshold.add(score);
        const out = new ByteWriter();
        threshold.write(out);
        const restored = new ScoreThreshold();
        restored.restore(new ByteReader(out.written()));
        expect(restored.at(value)).toBe(threshold.at(value));
        for (const one of [restored, threshold]) one.refresh();
        expect(restored.at(value)).toBe(threshold.at(value));
      }),
    );
  });
});
