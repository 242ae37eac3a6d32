import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BatchOutcome } from '../../services/domain/fold/batch-outcome.ts';
import { PartitionState } from '../../services/domain/fold/partition-state.ts';
import { RowWriter } from '../../services/domain/results/row-writer.ts';
import { createMetrics } from '../../services/platform/metrics/metrics.ts';
import { WriterMetrics } from '../../services/writer/report-metrics.ts';

const NOW_MS = 1_790_000_000_000;
const LOG_ID = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11';

test('what failed to be stored is counted under codes that are known, and the age of what was stored in seconds', async () => {
  const registry = new Registry();
  const clock = { nowMs: () => NOW_MS };
  const writer = new WriterMetrics(createMetrics(registry, { clock }), clock);
  for (const code of ['log_busy', 'whatever a proxy says', 'u_8f3a9c12']) writer.failed(code);
  const outcome = new BatchOutcome(new PartitionState(LOG_ID, 0, 1), '', NOW_MS, new RowWriter());
  outcome.liveArrivals.set(NOW_MS - 4_000, 2);
  outcome.liveArrivals.set(NOW_MS + 4_000, 1);
  const group = { partition: 0, from: 0, to: 1, headers: [outcome.header('')], rows: [], rowCount: 7, byteCount: 0 };
  writer.written(group);
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'ntk_write_failures_total{code="log_busy"} 1',
      'ntk_write_failures_total{code="other"} 2',
      'ntk_results_written_total 7',
      'ntk_gaps_accepted_total 0',
      'ntk_event_to_stored_seconds_sum 8',
    ]),
  );
});
