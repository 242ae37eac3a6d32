/** Puts the aggregator together, for every form of process that has one. */
import type { Registry } from 'prom-client';
import { Aggregator } from '../../aggregator/aggregator.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Health, progressCheck } from '../../platform/http/health.ts';
import type { Part } from '../../platform/lifecycle.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { Logger } from '../../platform/logger.ts';
import { AGGREGATOR_HOUR, createAggregatorMetrics } from '../../platform/metrics/aggregator-metrics.ts';
import { lookedUp } from '../../platform/metrics/definition.ts';
import type { PublishingKeys } from '../opening/process-keys.ts';
import { priorPublisher } from '../facts/prior-publisher.ts';

/** Between two passes are a second of pause and up to half a minute until the next try. */
const STILL_MS_MAX = 60_000;

interface AggregatorParts {
  readonly keys: PublishingKeys | null;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: Health;
}

/** Null where none is to run: switched off, a single partition that knows everything itself, or facts to sign and no key. */
export function aggregatorPart({ keys, log, clock, logger, registry, health }: AggregatorParts): Part | null {
  if (keys === null || log.partitions === 1) return null;
  const { authority, signer } = keys;
  if (authority.mode === 'signed' && signer === null) {
    logger.warn(
      'no aggregator: ntk.prior has to be signed in this log and no key is named (NTK_SIGNING_KEY_FILE); partitions judge young programs and fleets by what each has seen itself',
    );
    return null;
  }
  const metrics = createAggregatorMetrics(registry);
  const aggregator = new Aggregator({
    log,
    clock,
    publish: priorPublisher(log, authority, signer),
    observer: {
      published: (kind, records) => metrics.published.inc({ kind }, records),
      failed: (err, retryInMs) => {
        metrics.failures.inc();
        logger.warn({ retryInMs, reason: err.message }, 'aggregating failed, trying again');
      },
    },
  });
  lookedUp(AGGREGATOR_HOUR, registry, (gauge) => gauge.set((aggregator.hour ?? 0) * 3600));
  const progressAtMs = (): number => aggregator.progressAtMs;
  health.register('aggregator', progressCheck({ clock, limitMs: STILL_MS_MAX, progressAtMs }));
  return {
    name: 'aggregator',
    start: () => aggregator.start(),
    stop: () => aggregator.stop(),
    ended: () => aggregator.ended(),
  };
}
