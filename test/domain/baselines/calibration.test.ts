import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calibration } from '../../../services/domain/baselines/calibration.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';
import { Random } from '../../reference/random.ts';

const ASSUMED = [4, 1.3] as const;
const worsts = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { maxLength: 400 });
const nats = fc.double({ min: 0, max: 200, noNaN: true });

function calibrated(days: readonly number[]): Calibration {
  const calibration = new Calibration(...ASSUMED);
  for (const worst of days) calibration.add(worst);
  calibration.refresh();
  return calibration;
}

describe('a calibrated surprise', () => {
  it('is nothing up to what nine ordinary days in ten stay below, and more the more surprising it is', () => {
    fc.assert(
      fc.property(worsts, nats, nats, (days, a, b) => {
        const calibration = calibrated(days);
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(calibration.folds(less)).toBeLessThanOrEqual(calibration.folds(more));
        expect(calibration.folds(calibration.ordinaryNats)).toBe(0);
        expect(calibration.folds(less)).toBeGreaterThanOrEqual(0);
        // A nat beyond is never worth more than an e-fold: nominal surprises are bounds.
        expect(calibration.folds(more) - calibration.folds(less)).toBeLessThanOrEqual(more - less + 1e-9);
      }),
    );
  });

  it('is as rare as it says where days are exponential, whatever the model thinks of them', () => {
    const random = new Random(5);
    const days = Array.from({ length: 20_000 }, () => -3 * Math.log(1 - random.next()));
    const calibration = calibrated(days);
    const fresh = Array.from({ length: 20_000 }, () => -3 * Math.log(1 - random.next()));
    for (const folds of [0.7, 1.6, 3, 4.6]) {
      const rarer = fresh.filter((worst) => calibration.folds(worst) > folds).length / fresh.length;
      expect(rarer).toBeGreaterThan(0.1 * Math.exp(-folds) * 0.6);
      expect(rarer).toBeLessThan(0.1 * Math.exp(-folds) * 1.6);
    }
  });

  it('has the assumed tail before there are days', () => {
    const calibration = calibrated([]);
    expect(calibration.ordinaryNats).toBe(4);
    expect(calibration.folds(4 + 1.3 * 2)).toBeCloseTo(2, 9);
  });

  it('is not taken up before it is refreshed', () => {
    const calibration = calibrated([]);
    for (let day = 0; day < 1000; day++) calibration.add(20);
    expect(calibration.ordinaryNats).toBe(4);
    calibration.refresh();
    expect(calibration.ordinaryNats).toBeGreaterThan(19);
  });

  it('goes on alike when written and read again, with days that were not taken up yet', () => {
    fc.assert(
      fc.property(worsts, worsts, nats, (before, since, value) => {
        const calibration = calibrated(before);
        for (const worst of since) calibration.add(worst);
        const out = new ByteWriter();
        calibration.write(out);
        const restored = new Calibration(...ASSUMED);
        restored.restore(new ByteReader(out.written()));
        expect(restored.folds(value)).toBe(calibration.folds(value));
        for (const one of [restored, calibration]) one.refresh();
        expect(restored.folds(value)).toBe(calibration.folds(value));
        expect([restored.ordinaryNats, restored.highNats, restored.days]).toEqual([
          calibration.ordinaryNats,
          calibration.highNats,
          calibration.days,
        ]);
      }),
    );
  });
});
