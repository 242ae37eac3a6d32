/** One benchmark to its end: its rounds, their medians and ratios, and whether its results were the same each time. */
import { type Benchmark, CannotMeasure, type Ratio, type Round, type Rounds } from './benchmark.ts';
import { busyShare, loadNow } from './machine.ts';
import { median } from './median.ts';
import type { BenchmarkResult } from './report.ts';
import type { Stage } from './stage.ts';

export interface RunOptions {
  readonly stage: Stage;
  readonly rounds: number;
  /** How long others are watched first. @default a second */
  readonly watchMs?: number;
  readonly onRound: (done: number) => void;
}

export async function runBenchmark(benchmark: Benchmark, options: RunOptions): Promise<BenchmarkResult> {
  const startedMs = performance.now();
  const loadBefore = loadNow();
  const busyShareBefore = await busyShare(options.watchMs);
  const { rounds, problem } = await measured(benchmark, options);
  return {
    name: benchmark.name,
    rounds: rounds.map(({ figures, hashes, remarks = [] }) => ({ figures, hashes, remarks: [...remarks] })),
    ...summary(benchmark, rounds),
    problem: problem ?? differing(rounds),
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    loadBefore,
    loadAfter: loadNow(),
    busyShareBefore,
  };
}

async function measured(
  benchmark: Benchmark,
  { stage, rounds: count, onRound }: RunOptions,
): Promise<{ readonly rounds: Round[]; readonly problem: string | null }> {
  const done: Round[] = [];
  let rounds: Rounds | null = null;
  try {
    rounds = await benchmark.prepare(stage);
    for (let i = 0; i < count; i++) {
      done.push(complete(benchmark, await rounds.round(i % 2 === 1)));
      onRound(i + 1);
    }
    return { rounds: done, problem: null };
  } catch (error) {
    // The others go on: a run of an hour is not thrown away because of one of them.
    return { rounds: done, problem: problemOf(error) };
  } finally {
    await rounds?.end?.();
  }
}

/** With its place, unless it is the machine that lacks something. */
function problemOf(error: unknown): string {
  if (error instanceof CannotMeasure) return error.message;
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = /\(?file:\S+/.exec(stack)?.[0].replace(/^\(|\)$/g, '') ?? 'nowhere';
  return `failed: ${message.split('\n')[0]} (${place})`;
}

/** A figure that is left out, or one that nobody knows, is a bug of the benchmark. */
function complete({ name, figures }: Benchmark, round: Round): Round {
  const expected = figures.map((figure) => figure.name).toSorted();
  const found = Object.keys(round.figures).toSorted();
  if (expected.join() !== found.join()) throw new Error(`${name} says ${expected.join()} and measured ${found.join()}`);
  for (const [figure, value] of Object.entries(round.figures))
    if (!Number.isFinite(value)) throw new Error(`${name} measured ${figure} as ${value}`);
  return round;
}

function summary(
  { figures, ratios }: Benchmark,
  rounds: readonly Round[],
): Pick<BenchmarkResult, 'medians' | 'ratios' | 'hashes'> {
  const medians: Record<string, number> = {};
  const ratioMedians: Record<string, number> = {};
  if (rounds.length > 0) {
    for (const { name } of figures) medians[name] = median(rounds.map((round) => round.figures[name]!));
    for (const ratio of ratios) ratioMedians[ratio.name] = median(rounds.map((round) => ratioOf(ratio, round.figures)));
  }
  return {
    medians,
    ratios: ratioMedians,
    hashes: Object.assign({}, ...rounds.map(({ hashes }) => hashes)) as Record<string, string>,
  };
}

export function ratioOf({ of, to }: Ratio, figures: Readonly<Record<string, number>>): number {
  return figures[of]! / figures[to]!;
}

/** What was measured has to be the same work each time: a faster wrong result is no result. */
function differing(rounds: readonly Round[]): string | null {
  const names = new Set(rounds.flatMap(({ hashes }) => Object.keys(hashes)));
  for (const name of names) {
    const found = new Set(rounds.flatMap(({ hashes }) => hashes[name] ?? []));
    if (found.size > 1) return `the result of ${name} differs between rounds: ${[...found].join(', ')}`;
  }
  return null;
}
