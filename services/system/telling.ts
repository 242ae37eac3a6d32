/** What a running process tells about itself: its metrics, the figures of the live page, and the observers that feed both. */
import { Registry } from 'prom-client';
import { LiveFigures } from '../console/live/live-figures.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config/load-config.ts';
import { sourcesOf } from '../platform/config/settings.ts';
import type { Logger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics/metrics.ts';
import { tellOfProcess } from '../platform/metrics/process-metrics.ts';
import { ScorerMetrics } from '../scorer/report-metrics.ts';
import { WriterMetrics } from '../writer/report-metrics.ts';
import { SystemObserver } from './observe-system.ts';
import { observers } from './observers.ts';
import type { Role, System } from './open-system.ts';
import { tuningOf } from './tuning.ts';

export interface TellingOptions {
  readonly config: Config;
  readonly roles: readonly Role[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the release, without the engine's. */
  readonly version: string;
}

export interface Telling extends ReturnType<typeof observers> {
  readonly registry: Registry;
  readonly figures: LiveFigures;
  /** What is looked up in an opened system when somebody asks for the metrics. */
  observerOf(system: System): SystemObserver;
}

export function telling({ config, roles, clock, logger, version }: TellingOptions): Telling {
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
    observerOf: (system) => new SystemObserver({ system, metrics, scorerMetrics, stateLimits, clock }),
  };
}
