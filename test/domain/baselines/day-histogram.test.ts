import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DayHistogram } from '../../../services/domain/baselines/day-histogram.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';

const BINS_A_UNIT = 4;
const worsts = fc.array(fc.double({ min: 0, max: 150, noNaN: true }), { minLength: 1, maxLength: 300 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(days: readonly number[]): DayHistogram {
  const histogram = new DayHistogram(BINS_A_UNIT);
  for (const worst of days) histogram.add(worst);
  return histogram;
}

function bytesOf(histogram: DayHistogram): Buffer {
  const out = new ByteWriter();
  histogram.write(out);
  return out.written();
}

describe('the days of a platform', () => {
  it('have quantiles that are right to the width of a bin, up to the last bin', () => {
    fc.assert(
      fc.property(worsts, share, (days, p) => {
        const sorted = days.map((worst) => Math.min(worst, 100)).toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
        if (p > 0) expect(Math.abs(histogramOf(days).quantile(p) - exact)).toBeLessThanOrEqual(1 / BINS_A_UNIT + 1e-9);
      }),
    );
  });

  it('have quantiles that never fall', () => {
    fc.assert(
      fc.property(worsts, share, share, (days, a, b) => {
        const histogram = histogramOf(days);
        expect(histogram.quantile(Math.min(a, b))).toBeLessThanOrEqual(histogram.quantile(Math.max(a, b)));
      }),
    );
  });

  it('are as many as before when one of them grows, and are those that there would be had it begun so', () => {
    fc.assert(
      fc.property(worsts, fc.nat(), fc.double({ min: 0, max: 150, noNaN: true }), (days, pick, to) => {
        const which = pick % days.length;
        const histogram = histogramOf(days);
        histogram.move(days[which]!, to);
        expect(bytesOf(histogram).equals(bytesOf(histogramOf(days.with(which, to))))).toBe(true);
      }),
    );
  });

  it('stay what they are where the one that grows has faded', () => {
    const histogram = histogramOf([...Array.from({ length: 40_000 }, () => 1), 7]);
    histogram.fade();
    const before = bytesOf(histogram);
    histogram.move(7, 9);
    expect(bytesOf(histogram).equals(before)).toBe(true);
  });

  it('count half once there are many, so that a platform that changed is believed', () => {
    const histogram = histogramOf(Array.from({ length: 40_000 }, () => 1));
    histogram.fade();
    expect(histogram.days).toBe(20_000);
    for (let day = 0; day < 30_000; day++) histogram.add(9);
    expect(histogram.quantile(0.5)).toBeGreaterThan(8.9);
    expect(histogram.quantile(0.3)).toBeLessThan(1.3);
  });

  it('are the same when written and read again', () => {
    fc.assert(
      fc.property(worsts, share, (days, p) => {
        const histogram = histogramOf(days);
        const restored = new DayHistogram(BINS_A_UNIT);
        restored.restore(new ByteReader(bytesOf(histogram)));
        expect(restored.days).toBe(histogram.days);
        expect(restored.quantile(p)).toBe(histogram.quantile(p));
        expect(bytesOf(restored).equals(bytesOf(histogram))).toBe(true);
      }),
    );
  });
});
