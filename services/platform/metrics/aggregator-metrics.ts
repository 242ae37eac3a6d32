/** What the aggregator tells: knowledge across programs on its way into every partition. */
import type { Registry } from 'prom-client';
import { counter, gauge, makeMetrics } from './definition.ts';
import { PRIOR_KIND } from './label-values.ts';

export const AGGREGATOR = {
  published: counter({
    name: 'ntk_priors_published_total',
    help: 'Records of knowledge across programs that the aggregator has appended, each to every partition.',
    labels: { kind: PRIOR_KIND },
    unit: 'records',
    by: ['aggregator'],
    worry: null,
  }),
  failures: counter({
    name: 'ntk_aggregator_failures_total',
    help: 'Times that the aggregator could not read results or append; it tries again.',
    unit: 'failures',
    by: ['aggregator'],
    worry: null,
  }),
};

/** Looked up when somebody asks. */
export const AGGREGATOR_HOUR = gauge({
  name: 'ntk_aggregator_event_hour_timestamp_seconds',
  help: 'Beginning of the hour of event time that the newest block begins with that the aggregator has read; 0 before there is one.',
  unit: 'seconds since 1970',
  by: ['aggregator'],
  worry: 'it stands still while programs are used: young programs and fleets are judged by what was known then',
});

export type AggregatorMetrics = ReturnType<typeof createAggregatorMetrics>;

/** Only where an aggregator runs. */
export function createAggregatorMetrics(registry: Registry) {
  return makeMetrics(AGGREGATOR, registry, ['aggregator']);
}
