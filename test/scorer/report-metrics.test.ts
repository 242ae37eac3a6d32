import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { PartitionState } from '../../services/domain/fold/partition-state.ts';
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
