/**
 * The metrics of scorer and writer: contracts.md section 7 and what was added to it. Counted after the fact. No program, user or purpose
 * is ever a label; what others choose freely (a source, a limit) is bounded. Every metric: docs/metrics.md.
 */
import type { Registry } from 'prom-client';
import { type Clock, systemClock } from '../clock.ts';
import { type Exporter, EXPORTERS, makeMetrics } from './definition.ts';
import { JUDGING } from './judging-metrics.ts';
import { LastSeen } from './last-seen.ts';
import { STATE } from './state-metrics.ts';
import { STORING } from './storing-metrics.ts';

export type Metrics = ReturnType<typeof createMetrics>;

interface MetricsOptions {
  /** What the process does: only its own metrics are on the registry. @default everything */
  readonly roles?: readonly Exporter[];
  /** Ages what was last seen. */
  readonly clock?: Pick<Clock, 'nowMs'>;
  /** Sources that may be shown, NTK_SOURCES. @default those that look like names */
  readonly sources?: readonly string[] | null;
}

/** Defines all of them on a registry; twice on the same one is an error. */
export function createMetrics(
  registry: Registry,
  { roles = EXPORTERS, clock = systemClock, sources = null }: MetricsOptions = {},
) {
  return {
    ...makeMetrics(JUDGING, registry, roles),
    ...makeMetrics(STATE, registry, roles),
    ...makeMetrics(STORING, registry, roles),
    sources: new LastSeen(roles.includes('scorer') ? registry : null, clock, sources),
  };
}
