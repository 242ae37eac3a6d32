/** What a report says to people: a line a figure with its target, and, in Markdown, what each benchmark measures and does not show. */
import type { Benchmark, Targets } from './benchmark.ts';
import { BUSY_SHARE } from './machine.ts';
import type { BenchmarkResult, Report } from './report.ts';
import { ratioOf } from './run-benchmark.ts';

export const HEAD = ['benchmark', 'figure', 'median', 'from', 'to', 'target', 'reached'] as const;

export interface Line {
  readonly benchmark: string;
  readonly what: string;
  readonly unit: string;
  readonly median: number;
  readonly from: number;
  readonly to: number;
  readonly targets: Targets | null;
  readonly better: 'more' | 'less';
}

/** Ratios first: they are what can be compared between machines. */
export function linesOf(report: Report, benchmarks: readonly Benchmark[]): Line[] {
  return report.benchmarks.flatMap((result) => {
    const benchmark = benchmarks.find(({ name }) => name === result.name);
    return benchmark === undefined || result.rounds.length === 0 ? [] : benchmarkLines(benchmark, result);
  });
}

function benchmarkLines({ name, figures, ratios }: Benchmark, { rounds, medians, ratios: found }: BenchmarkResult): Line[] {
  const spread = (values: readonly number[]) => ({ from: Math.min(...values), to: Math.max(...values) });
  // A report that was kept may be older than a figure.
  const isKnown = (name: string): boolean => medians[name] !== undefined;
  const knownRatios = ratios.filter(({ of, to }) => isKnown(of) && isKnown(to));
  const ratioLines = knownRatios.map((ratio): Line => {
    const values = rounds.map((round) => ratioOf(ratio, round.figures));
    const { what, targets = null } = ratio;
    return { benchmark: name, what, unit: '', median: found[ratio.name]!, ...spread(values), targets, better: 'more' };
  });
  const figureLines = figures
    .filter(({ name: figure }) => isKnown(figure))
    .map((figure): Line => {
      const values = rounds.map((round) => round.figures[figure.name]!);
      const { what, unit, better, targets = null } = figure;
      return { benchmark: name, what, unit, median: medians[figure.name]!, ...spread(values), targets, better };
    });
  return [...ratioLines, ...figureLines];
}

/** `at least 80,000, aims 150,000`; of a line without a target nothing. */
export function targetWords({ targets, better, unit }: Pick<Line, 'targets' | 'better' | 'unit'>): string {
  if (targets === null) return '';
  const [needed, ...wished] = targets.map((target) => numberWords(target));
  const aims = wished.length === 0 ? '' : ` (aims ${wished.join(', ')})`;
  return `${better === 'more' ? '≥' : '≤'} ${needed}${unit === '' ? '' : ` ${unit}`}${aims}`;
}

/** `no`, `yes`, or the highest aim that is reached. Of a line without a target nothing. */
export function reachedWords({ targets, better, median }: Pick<Line, 'targets' | 'better' | 'median'>): string {
  if (targets === null) return '';
  const reached = targets.filter((target) => (better === 'more' ? median >= target : median <= target));
  if (reached.length === 0) return 'no';
  return reached.length === 1 ? 'yes' : `yes, aim ${numberWords(reached.at(-1)!)}`;
}

/** Four digits are enough: a benchmark knows no more. */
export function numberWords(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(Number(value.toPrecision(4))).toLocaleString('en-US');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return Number(value.toFixed(1)).toString();
  return Number(value.toPrecision(3)).toString();
}

export function rowOf(line: Line): string[] {
  const unit = line.unit === '' ? '' : ` ${line.unit}`;
  const reached = reachedWords(line);
  return [
    line.benchmark,
    line.what,
    `${numberWords(line.median)}${unit}`,
    numberWords(line.from),
    numberWords(line.to),
    targetWords(line),
    reached,
  ];
}

/** What a reader has to know before believing the figures. */
export function remarksOf(report: Report): string[] {
  const remarks = report.benchmarks.flatMap(({ name, problem, busyShareBefore, loadBefore, rounds }) => [
    ...(problem === null ? [] : [`${name}: ${problem}`]),
    ...(busyShareBefore > BUSY_SHARE
      ? [
          `${name}: the machine was busy with other things before it began (${percent(busyShareBefore)} of all cores, load ${loadBefore})`,
        ]
      : []),
    ...new Set(rounds.flatMap((round) => round.remarks).map((remark) => `${name}: ${remark}`)),
  ]);
  return report.size === 'full'
    ? remarks
    : [`size ${report.size}: only shows that it works, these are no figures to quote`, ...remarks];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function machineWords({ machine, loadAtStart, loadAtEnd, rounds, size, startedAt }: Report): string {
  const { cores, model, memoryGb, node, kafka, kafkajs, chdb, nice, commit } = machine;
  const on = `${cores} cores (${model}), ${memoryGb} GB; Node ${node.slice(1)}, Kafka ${kafka}, kafkajs ${kafkajs}, chdb ${chdb}`;
  return `${startedAt.slice(0, 10)}, commit ${commit}, size ${size}, ${rounds} rounds; ${on}; nice ${nice}; load average ${loadAtStart} at the start, ${loadAtEnd} at the end`;
}
