/** What scorer and writer of a running system tell, into metrics and the log of the process. */
import type { LiveFigures } from '../../console/live/live-figures.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics/metrics.ts';
import type { ScorerMetrics } from '../../scorer/report-metrics.ts';
import type { ScorerObserver } from '../../scorer/scorer.ts';
import type { WriterMetrics } from '../../writer/report-metrics.ts';
import type { WriterObserver } from '../../writer/writer.ts';

interface ObserversOptions {
  readonly metrics: Metrics;
  readonly scorerMetrics: ScorerMetrics;
  readonly writerMetrics: WriterMetrics;
  readonly logger: Logger;
  /** Of the last minute, for the live page. */
  readonly figures: LiveFigures;
}

export function observers({ metrics, scorerMetrics, writerMetrics, logger, figures }: ObserversOptions): {
  readonly scorerObserver: ScorerObserver;
  readonly writerObserver: WriterObserver;
  readonly onGroupFailed: (error: Error, retryInMs: number) => void;
} {
  const refused = (partition: number, err: Error): void =>
    logger.error({ partition, reason: err.message }, 'the partition stands still until somebody does what the reason says');
  return {
    onGroupFailed: (err, retryInMs) =>
      logger.warn({ retryInMs, reason: err.message }, 'out of the group that shares the partitions, joining again'),
    scorerObserver: {
      scored: (_, outcome, state) => {
        scorerMetrics.scored(outcome, state);
        figures.scored(outcome);
      },
      taken: (partition, position, refolded, hasMismatch) => {
        if (hasMismatch) metrics.positionMismatch.inc();
        logger.info({ partition, position, refolded }, 'partition taken');
      },
      lost: (partition, retakeInMs) => logger.error({ partition, retakeInMs }, 'another scorer has taken the partition'),
      nearlyFull: (partition, near) => logger.warn({ partition, ...near }, 'state nearly full; at its limit the scorer stops'),
      failed: (partition, err, retryInMs) =>
        logger.warn({ partition, retryInMs, reason: err.message }, 'scoring failed, trying again'),
      refused,
    },
    writerObserver: {
      written: (group) => writerMetrics.written(group),
      lost: (partition, retakeInMs) => {
        writerMetrics.lost(partition);
        logger.error({ partition, retakeInMs }, 'another writer has taken the partition');
      },
      refused,
      failed: (partition, err, code, retryInMs) => {
        writerMetrics.failed(code);
        logger.warn({ partition, code, retryInMs, reason: err.message }, 'storing failed, trying again; blocks wait in the log');
      },
    },
  };
}
