/** A scorer whose work goes into the metrics, as in a running process. */
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { LiveFigures } from '../../../services/console/live/live-figures.ts';
import type { Clock } from '../../../services/platform/clock.ts';
import type { EventLog } from '../../../services/platform/log/event-log.ts';
import { createLogger } from '../../../services/platform/logger.ts';
import type { Metrics } from '../../../services/platform/metrics/metrics.ts';
import { ScorerMetrics } from '../../../services/scorer/report-metrics.ts';
import { Scorer, type ScorerOptions } from '../../../services/scorer/scorer.ts';
import { observers } from '../../../services/system/running/observers.ts';
import { WriterMetrics } from '../../../services/writer/report-metrics.ts';

interface Observed extends Partial<ScorerOptions> {
  readonly log: EventLog;
  readonly partitions: readonly number[];
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** @default others, which only this scorer tells */
  readonly scorerMetrics?: ScorerMetrics;
}

/** In batches of 50 records; no checkpoint is due. */
export function observedScorer({ metrics, scorerMetrics, ...options }: Observed): Scorer {
  const { clock } = options;
  const { scorerObserver } = observers({
    metrics,
    scorerMetrics: scorerMetrics ?? new ScorerMetrics(metrics, clock),
    writerMetrics: new WriterMetrics(metrics, clock),
    logger: createLogger({ level: 'silent' }),
    figures: new LiveFigures(clock),
  });
  return new Scorer({
    storedUser: (user) => user,
    authority: OPEN,
    batchRecordsMax: 50,
    batchBytesMax: 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 86_400_000,
    observer: scorerObserver,
    ...options,
  });
}
