/** The heartbeat's way: sent into the log, judged, answered where hosts read verdicts (contracts.md 1.7). */
import type { Registry } from 'prom-client';
import { counter, gauge, histogram, makeMetrics } from './definition.ts';
import { PARTITION } from './label-values.ts';

/** From an idle scorer on this machine to a backlog of an hour. */
const ROUND_TRIP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600];

export const HEARTBEAT = {
  sent: counter({
    name: 'ntk_heartbeats_sent_total',
    help: 'Heartbeats that the log has acknowledged.',
    labels: { partition: PARTITION },
    unit: 'heartbeats',
    by: ['gateway'],
    worry: null,
  }),
  answeredTimestamp: gauge({
    name: 'ntk_heartbeat_answered_timestamp_seconds',
    help: 'When the newest heartbeat that was answered had been sent; when the process started, before the first.',
    labels: { partition: PARTITION },
    unit: 'seconds since 1970',
    by: ['gateway'],
    worry: 'it is more than three minutes ago: nothing of this partition is judged, or hosts are not told',
  }),
  roundTripSeconds: histogram({
    name: 'ntk_heartbeat_round_trip_seconds',
    help: 'From sending a heartbeat to reading its answer.',
    buckets: ROUND_TRIP_SECONDS,
    unit: 'seconds',
    by: ['gateway'],
    worry: null,
  }),
};

export type HeartbeatMetrics = ReturnType<typeof createHeartbeatMetrics>;

/** Only where heartbeats are sent: an age that nobody brings up to date would look like an outage. */
export function createHeartbeatMetrics(registry: Registry) {
  return makeMetrics(HEARTBEAT, registry, ['gateway']);
}
