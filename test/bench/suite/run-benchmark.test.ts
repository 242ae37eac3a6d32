import { describe, expect, it } from 'vitest';
import { type Benchmark, CannotMeasure } from './benchmark.ts';
import { MADE } from './made-report.ts';
import { runSuite } from './suite.ts';

const run = (benchmarks: Benchmark | readonly Benchmark[], rounds = 3) =>
  runSuite({
    benchmarks: [benchmarks].flat(),
    size: 'tiny',
    rounds,
    startBroker: () => Promise.reject(new Error('nobody asks for it')),
    nowMs: Date.UTC(2026, 2, 1),
    watchMs: 1,
  });

/** A benchmark whose rounds answer these, one after the other. */
const answering = (
  ...rounds: readonly { readonly ours: number; readonly floor: number; readonly hash?: string }[]
): Benchmark => ({
  ...MADE,
  prepare: async () => {
    const left = [...rounds];
    return {
      round: async () => {
        const { ours, floor, hash = 'abc' } = left.shift()!;
        return { figures: { ours, floor, milliseconds: 1 }, hashes: { rows: hash } };
      },
    };
  },
});

describe('a benchmark', () => {
  it('is its rounds, their medians, and the median of the ratios within rounds', async () => {
    const { benchmarks } = await run(answering({ ours: 1, floor: 4 }, { ours: 6, floor: 10 }, { ours: 5, floor: 5 }));
    expect(benchmarks).toMatchObject([
      { name: 'made', medians: { ours: 5, floor: 5 }, ratios: { 'ours/floor': 0.6 }, problem: null },
    ]);
    expect(benchmarks[0]!.rounds).toHaveLength(3);
  });

  it('measures the product first in every second round', async () => {
    const { benchmarks } = await run(MADE, 4);
    expect(benchmarks[0]!.rounds.map(({ figures }) => figures['milliseconds'])).toEqual([10, 20, 10, 20]);
  });

  it('has a problem when a result is another one in another round', async () => {
    const { benchmarks } = await run(answering({ ours: 1, floor: 1 }, { ours: 1, floor: 1, hash: 'def' }), 2);
    expect(benchmarks[0]!.problem).toBe('the result of rows differs between rounds: abc, def');
  });

  it('says what the machine lacks, and leaves the others going on', async () => {
    const prepare = () => Promise.reject(new CannotMeasure('there is one core'));
    const { benchmarks } = await run({ ...MADE, prepare });
    expect(benchmarks).toMatchObject([{ rounds: [], medians: {}, ratios: {}, problem: 'there is one core' }]);
  });

  it('must answer each of its figures, and none that nobody knows', async () => {
    const round = async () => ({ figures: { ours: 1 }, hashes: {} });
    const { benchmarks } = await run({ ...MADE, prepare: async () => ({ round }) });
    expect(benchmarks[0]!.problem).toMatch(/^failed: made says floor,milliseconds,ours and measured ours \(/);
  });

  it('that fails keeps the rounds before, ends what it began, and leaves the others going on', async () => {
    let hasEnded = false;
    const whole = await MADE.prepare(null as never);
    const breaking: Benchmark = {
      ...MADE,
      name: 'breaking',
      prepare: async () => ({
        round: async (isReversed) => (isReversed ? Promise.reject(new Error('it broke')) : whole.round(isReversed)),
        end: async () => void (hasEnded = true),
      }),
    };
    const { benchmarks } = await run([breaking, MADE]);
    expect(benchmarks.map(({ rounds, problem }) => [rounds.length, problem?.slice(0, 16)])).toEqual([
      [1, 'failed: it broke'],
      [3, undefined],
    ]);
    expect(hasEnded).toBe(true);
  });
});
