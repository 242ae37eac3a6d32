/** What a running process says of itself: its metrics, the figures of the live page, and the observers that feed both. */
import { Registry } from 'prom-client';
import { LiveFigures } from '../../console/live/live-figures.ts';
import { ENGINE_VERSION } from '../../domain/engine.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { sourcesOf } from '../../platform/config/settings.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMetrics } from '../../platform/metrics/metrics.ts';
import { tellOfProcess } from '../../platform/metrics/process-metrics.ts';
import { ScorerMetrics } from '../../scorer/report-metrics.ts';
import { WriterMetrics } from '../../writer/report-metrics.ts';
import { SystemGauges } from './system-gauges.ts';
import { observers } from './observers.ts';
import type { Role, System } from '../opening/open-system.ts';
import { tuningOf } from '../opening/tuning.ts';

interface InstrumentationOptions {
  readonly config: Config;
  readonly roles: readonly Role[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the release, without the engine's. */
  readonly version: string;
}

interface Instrumentation extends ReturnType<typeof observers> {
  readonly registry: Registry;
  readonly figures: LiveFigures;
  /** The gauges of an opened system, to be brought up to date before its metrics are read. */
  gaugesOf(system: System): SystemGauges;
}

export function instrument({ config, roles, clock, logger, version }: InstrumentationOptions): Instrumentation {
  const registry = new Registry();
  tellOfProcess(registry, { version, engine: ENGINE_VERSION });
  const sources = config.sources === null ? null : sourcesOf(config.sources);
  const metrics = createMetrics(registry, { roles, clock, sources });
  const scorerMetrics = new ScorerMetrics(metrics, clock);
  const writerMetrics = new WriterMetrics(metrics, clock);
  const figures = new LiveFigures(clock);
  const { stateLimits } = tuningOf(config);
  return {
    ...observers({ metrics, scorerMetrics, writerMetrics, logger, figures }),
    registry,
    figures,
    gaugesOf: (system) => new SystemGauges({ system, metrics, scorerMetrics, stateLimits, clock }),
  };
}
