/** The benchmark's part that lies beside the checkout, scored as `ntk baseline score` scores it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lookAlikes } from '../look-alikes/look-alikes.ts';
import { scoreAll, seriesDetector } from './run-detector.ts';
import { benchmarkScore, type BenchmarkScore, type Profile, scoreAt, type ScoredSeries } from './score.ts';
import { type LabelledSeries, readNab } from './series.ts';

/** Where the design pages and the series lie; a clone elsewhere has neither. */
const SHARED = join(import.meta.dirname, '../../../../shared');

/** Distance to a slow mean, against the usual one: simple, and every row has a score of its own. */
const SIMPLE = () => {
  let [mean, spread] = [Number.NaN, 1];
  return {
    next(value: number): number {
      if (Number.isNaN(mean)) mean = value;
      const distance = Math.abs(value - mean);
      const score = distance / (distance + 4 * spread + 1e-9);
      mean += 0.05 * (value - mean);
      spread += 0.02 * (distance - spread);
      return score;
    },
  };
};

describe.skipIf(!existsSync(SHARED))('the given part of the benchmark', () => {
  let given: LabelledSeries[];
  beforeAll(() => {
    given = readNab();
  });

  test('is scored as score.py scores it', () => {
    const scores = benchmarkScore(scoreAll(given, SIMPLE));
    // What score.py printed for the same scores in files.
    const printed: Record<Profile, [number, number]> = {
      standard: [40.19, 0.8728],
      lowFalsePositives: [23.92, 0.8728],
      lowFalseNegatives: [47, 0.8661],
    };
    for (const [profile, [score, threshold]] of Object.entries(printed) as [Profile, [number, number]][]) {
      expect(scores[profile].score).toBeCloseTo(score, 2);
      expect(scores[profile].threshold).toBeCloseTo(threshold, 4);
    }
  });

  describe('with the detector of series', () => {
    let scored: ScoredSeries[];
    let scores: Record<Profile, BenchmarkScore>;
    beforeAll(() => {
      scored = scoreAll(given, seriesDetector());
      scores = benchmarkScore(scored);
    });

    test('has at least 75, and what docs/baselines-series.md says', () => {
      expect(scores.standard.score).toBeGreaterThan(75);
      expect(scores.standard.score).toBeCloseTo(78.3, 1);
      expect(scores.lowFalsePositives.score).toBeCloseTo(68.9, 1);
      expect(scores.lowFalseNegatives.score).toBeCloseTo(83.6, 1);
    });

    test('has with the best threshold what a threshold that is given says', () => {
      for (const profile of Object.keys(scores) as Profile[])
        expect(scoreAt(scored, scores[profile].threshold, profile)).toBeCloseTo(scores[profile].score, 9);
      expect(scoreAt(scored, 1.1)).toBe(0);
    });
  });
});

test('series of other kinds, from a seed that nothing was chosen by, have at least 70', () => {
  expect(benchmarkScore(scoreAll(lookAlikes(21), seriesDetector())).standard.score).toBeGreaterThan(70);
});

test('silence is 0 and telling each window at its first row is nearly 100', () => {
  const windows = [[400, 500]] as const;
  const scores = (at: number): Float64Array => new Float64Array(1000).map((_, i) => (i === at ? 1 : 0));
  expect(benchmarkScore([{ scores: new Float64Array(1000), windows }]).standard.score).toBe(0);
  expect(benchmarkScore([{ scores: scores(400), windows }]).standard.score).toBeGreaterThan(99);
  expect(benchmarkScore([{ scores: scores(490), windows }]).standard.score).toBeLessThan(70);
});
