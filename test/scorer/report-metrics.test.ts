import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BatchOutcome } from '../../services/domain/fold/batch-outcome.ts';
import { PartitionState } from '../../services/domain/fold/partition-state.ts';
import { RowWriter } from '../../services/domain/results/row-writer.ts';
import { createMetrics } from '../../services/platform/metrics/metrics.ts';
import { ScorerMetrics } from '../../services/scorer/report-metrics.ts';

const NOW_MS = 1_790_000_000_000;
const LOG_ID = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11';

test('the window for repeats is that of the partition that forgets soonest', async () => {
  const clock = { nowMs: () => NOW_MS };
  const metrics = createMetrics(new Registry(), { clock });
  const states = [3_600, 28, 600].map((secondsAgo, partition) => {
    const state = new PartitionState(LOG_ID, partition, 4);
    state.window.add(Uint32Array.of(1, 2, 3, partition), NOW_MS - secondsAgo * 1000);
    return state;
  });
  // A partition without any record forgets nothing.
  states.push(new PartitionState(LOG_ID, 3, 4));
  new ScorerMetrics(metrics, clock).observe(states, [], null);
  expect((await metrics.dedupWindowSeconds.get()).values).toEqual([{ value: 28, labels: {} }]);
});

test('programs intercepted are those of the last day, each by its latest interception, of the partitions that are judged here', async () => {
  const clock = { nowMs: () => NOW_MS };
  const metrics = createMetrics(new Registry(), { clock });
  const scorer = new ScorerMetrics(metrics, clock);
  const [kept, given] = [0, 1].map((partition) => new PartitionState(LOG_ID, partition, 2)) as [PartitionState, PartitionState];
  const intercepted = (state: PartitionState, hoursAgo: Record<string, number>): void => {
    const outcome = new BatchOutcome(state, '', NOW_MS, new RowWriter());
    for (const [program, hours] of Object.entries(hoursAgo))
      outcome.tally.interceptedPrograms.set(program, NOW_MS - hours * 3_600_000);
    scorer.scored(outcome, state);
  };
  const counted = async (states: readonly PartitionState[]): Promise<number | undefined> => {
    scorer.observe(states, [], null);
    return (await metrics.interceptedPrograms.get()).values[0]?.value;
  };
  intercepted(kept, { recent: 1, yesterday: 23, before: 25 });
  // What comes late does not make an interception older than it is.
  intercepted(kept, { recent: 30 });
  intercepted(given, { elsewhere: 2 });
  expect(await counted([kept, given])).toBe(3);
  expect(await counted([kept])).toBe(2);
});
