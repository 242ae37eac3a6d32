/** Runs benchmarks one after the other on the same ground, and makes the report of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, Size } from './benchmark.ts';
import { loadNow, machine } from './machine.ts';
import type { BenchmarkResult, Report } from './report.ts';
import { runBenchmark } from './run-benchmark.ts';
import { Stage } from './stage.ts';

export interface SuiteOptions {
  readonly benchmarks: readonly Benchmark[];
  readonly size: Size;
  readonly rounds: number;
  /** `127.0.0.1:port`; asked at most once. */
  readonly startBroker: () => Promise<string>;
  readonly nowMs: number;
  /** How long others are watched before each benchmark. @default a second */
  readonly watchMs?: number;
  /** Told before the first round (0) and after each. */
  readonly onRound?: (benchmark: Benchmark, done: number) => void;
  readonly onResult?: (benchmark: Benchmark, result: BenchmarkResult) => void;
}

export async function runSuite(options: SuiteOptions): Promise<Report> {
  const { benchmarks, size, rounds, startBroker, nowMs, watchMs, onRound = () => {}, onResult = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'ntk-bench-'));
  let starting: Promise<string> | null = null;
  const broker = (): Promise<string> => (starting ??= startBroker());
  const loadAtStart = loadNow();
  const results: BenchmarkResult[] = [];
  try {
    for (const benchmark of benchmarks) {
      onRound(benchmark, 0);
      const stage = new Stage({ size, broker, folder, nowMs }, benchmark.name);
      const watch = watchMs === undefined ? {} : { watchMs };
      const result = await runBenchmark(benchmark, { stage, rounds, ...watch, onRound: (done) => onRound(benchmark, done) });
      results.push(result);
      onResult(benchmark, result);
      rmSync(stage.folder, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    suite: 1,
    size,
    rounds,
    startedAt: new Date(nowMs).toISOString(),
    machine: machine(),
    loadAtStart,
    loadAtEnd: loadNow(),
    benchmarks: results,
  };
}
