/** Benchmarks in the size that only shows that they work, for the everyday tests; none of their times means anything there. */
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../services/platform/clock.ts';
import type { Benchmark } from './suite/benchmark.ts';
import { markdownOf } from './suite/markdown.ts';
import type { Report } from './suite/report.ts';
import { runSuite } from './suite/suite.ts';

const RUN_MS_MAX = 400_000;

/** A test for each of them, all on one ground. Benchmarks check by themselves that counts and results are right, and throw if not. */
export function testTiny(benchmarks: readonly Benchmark[], startBroker: () => Promise<string>): void {
  let report: Report;
  beforeAll(async () => {
    report = await runSuite({ benchmarks, size: 'tiny', rounds: 1, startBroker, nowMs: systemClock.nowMs(), watchMs: 1 });
  }, RUN_MS_MAX);

  it.each(benchmarks.map((benchmark) => [benchmark.name, benchmark] as const))(
    '%s measures all that it says',
    (name, benchmark) => {
      const result = report.benchmarks.find((each) => each.name === name)!;
      expect(result.problem).toBeNull();
      expect(Object.keys(result.medians).toSorted()).toEqual(benchmark.figures.map((figure) => figure.name).toSorted());
      expect(Object.keys(result.ratios).toSorted()).toEqual(benchmark.ratios.map((ratio) => ratio.name).toSorted());
      const markdown = markdownOf(report, [benchmark]);
      for (const { what } of [...benchmark.figures, ...benchmark.ratios]) expect(markdown).toContain(`| ${what} `);
      for (const hash of Object.values(result.hashes)) expect(markdown).toContain(hash);
    },
  );
}
