/** A report without a measurement, for the tests of what is done with one. */
import type { Benchmark } from './benchmark.ts';
import { machine } from './machine.ts';
import type { BenchmarkResult, Report } from './report.ts';

/** Its product is half as fast as its floor, and takes `milliseconds`. */
export const MADE: Benchmark = {
  name: 'made',
  title: 'Made up',
  measures: 'Nothing.',
  doesNotShow: 'Everything.',
  figures: [
    { name: 'floor', what: 'a floor', unit: '/s', better: 'more' },
    { name: 'ours', what: 'the product', unit: '/s', better: 'more', targets: [80_000, 150_000] },
    { name: 'milliseconds', what: 'a wait', unit: 'ms', better: 'less', targets: [15] },
  ],
  ratios: [{ name: 'ours/floor', what: 'product over floor', of: 'ours', to: 'floor', targets: [0.5, 0.7] }],
  prepare: async () => ({
    round: async (isReversed) => ({
      figures: { floor: 200_000, ours: 100_000, milliseconds: isReversed ? 20 : 10 },
      hashes: { rows: 'abc' },
    }),
  }),
};

const MACHINE = machine();

const RESULT: BenchmarkResult = {
  name: 'made',
  rounds: [{ figures: { floor: 200_000, ours: 100_000, milliseconds: 10 }, hashes: { rows: 'abc' }, remarks: [] }],
  medians: { floor: 200_000, ours: 100_000, milliseconds: 10 },
  ratios: { 'ours/floor': 0.5 },
  hashes: { rows: 'abc' },
  problem: null,
  seconds: 1,
  loadBefore: 0,
  loadAfter: 1,
  busyShareBefore: 0,
};

export function madeReport(result: Partial<BenchmarkResult> = {}, report: Partial<Report> = {}): Report {
  return {
    suite: 1,
    size: 'full',
    rounds: 1,
    startedAt: '2026-03-01T00:00:00.000Z',
    machine: MACHINE,
    loadAtStart: 0,
    loadAtEnd: 1,
    benchmarks: [{ ...RESULT, ...result }],
    ...report,
  };
}
