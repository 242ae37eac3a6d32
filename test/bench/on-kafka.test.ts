/** The benchmarks that need a broker, in the size that only shows that they work; none of their times means anything here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../services/platform/clock.ts';
import { allowKafkaItsTime, sharedBroker } from '../kafka/shared-broker.ts';
import { scoring } from './scoring/scoring.ts';
import type { Benchmark } from './suite/benchmark.ts';
import { markdownOf } from './suite/markdown.ts';
import type { Report } from './suite/report.ts';
import { runSuite } from './suite/suite.ts';

const ON_KAFKA: readonly Benchmark[] = [scoring];
const RUN_MS_MAX = 300_000;

allowKafkaItsTime();

describe('the benchmarks on Kafka', () => {
  let report: Report;
  beforeAll(async () => {
    report = await runSuite({
      benchmarks: ON_KAFKA,
      size: 'tiny',
      rounds: 1,
      startBroker: async () => (await sharedBroker()).address,
      nowMs: systemClock.nowMs(),
      watchMs: 1,
    });
  }, RUN_MS_MAX);

  it.each(ON_KAFKA.map(({ name }) => name))('%s measures all that it says, and its results are the same each time', (name) => {
    const benchmark = ON_KAFKA.find((each) => each.name === name)!;
    const result = report.benchmarks.find((each) => each.name === name)!;
    expect(result.problem).toBeNull();
    expect(Object.keys(result.medians).toSorted()).toEqual(benchmark.figures.map((figure) => figure.name).toSorted());
    expect(Object.keys(result.ratios).toSorted()).toEqual(benchmark.ratios.map((ratio) => ratio.name).toSorted());
    const markdown = markdownOf(report, ON_KAFKA);
    for (const { what } of [...benchmark.figures, ...benchmark.ratios]) expect(markdown).toContain(`| ${what} `);
  });
});
