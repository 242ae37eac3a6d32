/** All definitions, for the page about them and for tests. */
import { AGGREGATOR, AGGREGATOR_HOUR } from './aggregator-metrics.ts';
import type { AnyDefinition } from './definition.ts';
import { GATEWAY, GATEWAY_STATE } from './gateway-metrics.ts';
import { HEARTBEAT } from './heartbeat-metrics.ts';
import { JUDGING, SOURCE_LAST_SEEN } from './judging-metrics.ts';
import { PROCESS } from './process-metrics.ts';
import { STATE } from './state-metrics.ts';
import { STORING } from './storing-metrics.ts';

interface MetricSection {
  readonly title: string;
  readonly definitions: readonly AnyDefinition[];
}

/** In the order of the page. */
export const METRIC_SECTIONS: readonly MetricSection[] = [
  { title: 'Verdicts', definitions: [...Object.values(JUDGING), SOURCE_LAST_SEEN] },
  { title: 'How the scorer stands', definitions: Object.values(STATE) },
  { title: 'Storing', definitions: Object.values(STORING) },
  { title: 'The aggregator', definitions: [...Object.values(AGGREGATOR), AGGREGATOR_HOUR] },
  { title: 'The heartbeat', definitions: Object.values(HEARTBEAT) },
  { title: 'The door for hosts', definitions: [...Object.values(GATEWAY), ...Object.values(GATEWAY_STATE)] },
  { title: 'Every process', definitions: Object.values(PROCESS) },
];

export const ALL_METRICS: readonly AnyDefinition[] = METRIC_SECTIONS.flatMap(({ definitions }) => definitions);
