/**
 * Made metrics of eight days, whose rates and quantiles are known beforehand: two gateways, two scorers, of which the second took over
 * partition 1 from the first, and two writers. Counters grow evenly, so a rate over any window is their slope.
 */

/** Where the samples end, and where queries look: a Thursday noon. */
export const END_SECONDS = Date.UTC(2026, 2, 12, 12) / 1000;
const STEP_SECONDS = 300;
const LENGTH_SECONDS = 8 * 86_400;
export const HOUR_SECONDS = 3600;

interface MadeSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** At so many seconds before the end. */
  readonly valueAt: (agoSeconds: number) => number;
}

const GATEWAY = { job: 'ntk-gateway', instance: 'gateway-1:8080' };
const GATEWAY_2 = { job: 'ntk-gateway', instance: 'gateway-2:8080' };
const SCORER_1 = { job: 'ntk-scorer', instance: 'scorer-1:8080' };
const SCORER_2 = { job: 'ntk-scorer', instance: 'scorer-2:8080' };
const SCORER_3 = { job: 'ntk-scorer', instance: 'scorer-3:8080' };
const WRITER_2 = { job: 'ntk-writer', instance: 'writer-2:8080' };
const WRITER = { job: 'ntk-writer', instance: 'writer-1:8080' };

type Labels = Readonly<Record<string, string>>;

/** Grows by so much a second; since the last hour by `lately`. */
const grows = (name: string, labels: Labels, perSecond: number, lately = perSecond): MadeSeries => ({
  name,
  labels,
  valueAt: (ago) => perSecond * (LENGTH_SECONDS - Math.max(ago, HOUR_SECONDS)) + lately * Math.max(0, HOUR_SECONDS - ago),
});

const stands = (name: string, labels: Labels, value: number): MadeSeries => ({ name, labels, valueAt: () => value });

/** Observations up to 0.1, 0.2 and 0.4, times `unit`, a second. */
function observed(name: string, labels: Labels, unit: number, upTo: readonly [number, number, number]): MadeSeries[] {
  const [first, second, all] = upTo;
  return [
    grows(`${name}_bucket`, { ...labels, le: String(0.1 * unit) }, first),
    grows(`${name}_bucket`, { ...labels, le: String(0.2 * unit) }, second),
    grows(`${name}_bucket`, { ...labels, le: String(0.4 * unit) }, all),
    grows(`${name}_bucket`, { ...labels, le: '+Inf' }, all),
    grows(`${name}_count`, labels, all),
    grows(`${name}_sum`, labels, 12 * unit),
  ];
}

/** Of two processes together: 50, 190 and 200. */
const observedByTwo = (name: string, one: Labels, other: Labels, unit: number): MadeSeries[] => [
  ...observed(name, one, unit, [50, 95, 100]),
  ...observed(name, other, unit, [0, 95, 100]),
];

const JUDGED: MadeSeries[] = [
  grows('ntk_access_events_total', { ...SCORER_1, category: 'location', outcome: 'pending' }, 4),
  grows('ntk_access_events_total', { ...SCORER_1, category: 'location', outcome: 'performed' }, 6),
  grows('ntk_access_events_total', { ...SCORER_1, category: 'photos', outcome: 'refused' }, 2),
  grows('ntk_access_events_total', { ...SCORER_2, category: 'location', outcome: 'performed' }, 8),
  grows('ntk_verdicts_total', { ...SCORER_1, category: 'location', verdict: 'allow' }, 9),
  grows('ntk_verdicts_total', { ...SCORER_1, category: 'photos', verdict: 'flag' }, 1),
  grows('ntk_verdicts_total', { ...SCORER_1, category: 'photos', verdict: 'intercept' }, 2),
  grows('ntk_verdicts_total', { ...SCORER_2, category: 'location', verdict: 'throttle' }, 3),
  grows('ntk_verdicts_total', { ...SCORER_2, category: 'location', verdict: 'intercept' }, 5),
  grows('ntk_intercepted_attempts_total', { ...SCORER_1, category: 'photos', timing: 'prevented' }, 1.5),
  grows('ntk_intercepted_attempts_total', { ...SCORER_1, category: 'photos', timing: 'already_refused' }, 0.5),
  grows('ntk_intercepted_attempts_total', { ...SCORER_2, category: 'location', timing: 'prevented' }, 4),
  grows('ntk_intercepted_attempts_total', { ...SCORER_2, category: 'location', timing: 'late' }, 1),
  grows('ntk_interceptions_total', { ...SCORER_1, category: 'photos', reason: 'consent_missing', timing: 'prevented' }, 2),
  grows('ntk_interceptions_total', { ...SCORER_1, category: 'photos', reason: 'undeclared_category', timing: 'prevented' }, 1),
  grows('ntk_interceptions_total', { ...SCORER_2, category: 'location', reason: 'consent_missing', timing: 'late' }, 4),
  grows('ntk_would_intercept_total', { ...SCORER_1, category: 'photos', reason: 'external_link' }, 0.5),
  grows('ntk_would_intercept_total', { ...SCORER_2, category: 'photos', reason: 'external_link' }, 0.25),
  // Six times as often since an hour ago.
  grows('ntk_findings_total', { ...SCORER_1, reason: 'consent_missing', action: 'intercept' }, 0.5, 3),
  grows('ntk_findings_total', { ...SCORER_2, reason: 'consent_missing', action: 'intercept' }, 0.5, 3),
  grows('ntk_findings_total', { ...SCORER_2, reason: 'external_link', action: 'flag' }, 0.25),
  grows('ntk_limit_refusals_total', { ...SCORER_1, limit: 'program-location', shadow: 'false' }, 0.5),
  grows('ntk_limit_refusals_total', { ...SCORER_2, limit: 'program-location', shadow: 'false' }, 0.5),
  grows('ntk_limit_refusals_total', { ...SCORER_2, limit: 'tighter', shadow: 'true' }, 2),
  grows('ntk_near_limit_total', { ...SCORER_1, limit: 'program-location' }, 0.5),
  grows('ntk_near_limit_total', { ...SCORER_2, limit: 'program-location' }, 0.25),
  grows('ntk_baseline_alarms_total', { ...SCORER_1, reason: 'rate_above_baseline' }, 3 / 86_400),
  grows('ntk_baseline_alarms_total', { ...SCORER_2, reason: 'periodic_polling' }, 4 / 86_400),
  grows('ntk_baseline_alarms_total', { ...SCORER_1, reason: 'periodic_polling' }, 2 / 86_400),
  grows('ntk_baseline_episodes_total', { ...SCORER_1, reason: 'rate_above_baseline' }, 1 / 86_400),
  grows('ntk_baseline_episodes_total', { ...SCORER_2, reason: 'periodic_polling' }, 1.5 / 86_400),
  grows('ntk_baseline_episodes_total', { ...SCORER_1, reason: 'periodic_polling' }, 0.5 / 86_400),
  grows('ntk_baseline_late_total', SCORER_1, 0.5),
  grows('ntk_baseline_late_total', SCORER_2, 1.5),
  grows('ntk_priors_ignored_total', SCORER_1, 1 / 3600),
  grows('ntk_priors_ignored_total', SCORER_2, 2 / 3600),
  grows('ntk_priors_published_total', { ...SCORER_1, kind: 'classes' }, 1 / 3600),
  grows('ntk_priors_published_total', { ...SCORER_1, kind: 'fleets' }, 4 / 3600),
  grows('ntk_aggregator_failures_total', SCORER_1, 6 / 3600),
  stands('ntk_aggregator_event_hour_timestamp_seconds', SCORER_1, END_SECONDS - 5000),
  grows('ntk_reviews_total', { ...SCORER_1, disposition: 'true_positive' }, 2 / 604_800),
  grows('ntk_reviews_total', { ...SCORER_2, disposition: 'true_positive' }, 3 / 604_800),
  grows('ntk_reviews_total', { ...SCORER_2, disposition: 'false_positive' }, 1 / 604_800),
  stands('ntk_baseline_budget_alarms_per_program_day', SCORER_1, 0.001),
  // Has not got the newer policy yet.
  stands('ntk_baseline_budget_alarms_per_program_day', SCORER_2, 0.0005),
  stands('ntk_programs_seen', SCORER_1, 4_000),
  stands('ntk_programs_seen', SCORER_2, 2_000),
  stands('ntk_intercepted_programs', SCORER_1, 30),
  stands('ntk_intercepted_programs', SCORER_2, 12),
  stands('ntk_policy_info', { ...SCORER_1, policy_hash: '0123456789abcdef' }, 1),
  stands('ntk_policy_info', { ...SCORER_2, policy_hash: '0123456789abcdef' }, 1),
  grows('ntk_policy_rejected_total', SCORER_1, 1 / 21_600),
  grows('ntk_policy_rejected_total', SCORER_2, 1 / 21_600),
  grows('ntk_facts_total', { ...SCORER_1, type: 'ntk.consent' }, 2),
  grows('ntk_facts_total', { ...SCORER_2, type: 'ntk.consent' }, 1),
  grows('ntk_facts_total', { ...SCORER_2, type: 'ntk.declaration' }, 0.5),
  grows('ntk_stale_facts_total', SCORER_1, 0.075),
  grows('ntk_stale_facts_total', SCORER_2, 0.025),
  grows('ntk_rejects_total', { ...SCORER_1, reason: 'invalid_data' }, 0.2),
  grows('ntk_rejects_total', { ...SCORER_2, reason: 'invalid_data' }, 0.3),
  grows('ntk_duplicates_total', SCORER_1, 0.3),
  grows('ntk_duplicates_total', SCORER_2, 0.1),
];

const BEHIND: MadeSeries[] = [
  stands('ntk_lag_records', { ...SCORER_1, partition: '0' }, 40),
  // Partition 1 has just changed hands: the one that had it still says something, and it is counted once.
  stands('ntk_lag_records', { ...SCORER_1, partition: '1' }, 100),
  stands('ntk_lag_records', { ...SCORER_2, partition: '1' }, 90),
  stands('ntk_oldest_unscored_seconds', SCORER_1, 0.5),
  stands('ntk_oldest_unscored_seconds', SCORER_2, 2),
  stands('ntk_oldest_unwritten_seconds', WRITER, 30),
  stands('ntk_oldest_unwritten_seconds', WRITER_2, 4),
  stands('ntk_unwritten_records', { ...WRITER, partition: '0' }, 500),
  stands('ntk_unwritten_records', { ...WRITER, partition: '1' }, 700),
  stands('ntk_unwritten_records', { ...WRITER_2, partition: '1' }, 20),
  ...observedByTwo('ntk_event_to_verdict_seconds', SCORER_1, SCORER_2, 1),
  ...observedByTwo('ntk_event_to_stored_seconds', WRITER, WRITER_2, 10),
  ...observedByTwo('ntk_gateway_commit_seconds', GATEWAY, GATEWAY_2, 0.1),
  ...observedByTwo('ntk_heartbeat_round_trip_seconds', GATEWAY, GATEWAY_2, 0.5),
  stands('ntk_heartbeat_answered_timestamp_seconds', { ...GATEWAY, partition: '0' }, END_SECONDS - 45),
  stands('ntk_heartbeat_answered_timestamp_seconds', { ...GATEWAY, partition: '1' }, END_SECONDS - 200),
  // The newest answer counts, whichever gateway read it.
  stands('ntk_heartbeat_answered_timestamp_seconds', { ...GATEWAY_2, partition: '0' }, END_SECONDS - 300),
  stands('ntk_heartbeat_answered_timestamp_seconds', { ...GATEWAY_2, partition: '1' }, END_SECONDS - 700),
  stands('ntk_heartbeat_stored_timestamp_seconds', { ...WRITER_2, partition: '1' }, END_SECONDS - 900),
  stands('ntk_heartbeat_stored_timestamp_seconds', { ...WRITER, partition: '0' }, END_SECONDS - 50),
  stands('ntk_heartbeat_stored_timestamp_seconds', { ...WRITER, partition: '1' }, END_SECONDS - 260),
  grows('ntk_heartbeats_sent_total', { ...GATEWAY, partition: '0' }, 1 / 60),
  grows('ntk_heartbeats_sent_total', { ...GATEWAY, partition: '1' }, 1 / 60),
  grows('ntk_heartbeats_sent_total', { ...GATEWAY_2, partition: '0' }, 1 / 60),
  grows('ntk_heartbeats_sent_total', { ...GATEWAY_2, partition: '1' }, 1 / 60),
  // Scorer and writer both refuse partition 1: it is one partition.
  stands('ntk_partition_stopped', { ...SCORER_1, partition: '0' }, 0),
  stands('ntk_partition_stopped', { ...SCORER_2, partition: '1' }, 1),
  stands('ntk_partition_stopped', { ...WRITER, partition: '0' }, 0),
  stands('ntk_partition_stopped', { ...WRITER, partition: '1' }, 1),
  stands('ntk_partition_stopped', { ...WRITER_2, partition: '2' }, 1),
];

const LIMITS: MadeSeries[] = [
  stands('ntk_state_keys', { ...SCORER_1, kind: 'programs' }, 200),
  stands('ntk_state_keys', { ...SCORER_2, kind: 'programs' }, 850),
  stands('ntk_state_keys_limit', { ...SCORER_1, kind: 'programs' }, 1_000),
  stands('ntk_state_keys_limit', { ...SCORER_2, kind: 'programs' }, 1_000),
  stands('ntk_state_keys', { ...SCORER_1, kind: 'consents' }, 10),
  stands('ntk_state_keys_limit', { ...SCORER_1, kind: 'consents' }, 1_000),
  stands('ntk_state_keys', { ...SCORER_1, kind: 'duplicate_ids' }, 262_144),
  stands('ntk_checkpoint_age_seconds', SCORER_1, 20),
  stands('ntk_checkpoint_age_seconds', SCORER_2, 70),
  stands('ntk_dedup_window_seconds', SCORER_1, 9_000),
  stands('ntk_dedup_window_seconds', SCORER_2, 4_000),
  grows('ntk_position_mismatch_total', SCORER_1, 2 / 21_600),
  grows('ntk_position_mismatch_total', SCORER_2, 2 / 21_600),
  grows('ntk_gaps_accepted_total', WRITER, 3 / 21_600),
  grows('ntk_gaps_accepted_total', WRITER_2, 3 / 21_600),
  stands('ntk_log_retention_seconds', { ...SCORER_1, log: 'access' }, 4_000),
  stands('ntk_log_retention_seconds', { ...SCORER_2, log: 'access' }, 5_000),
  stands('ntk_log_retention_seconds', { ...WRITER, log: 'results' }, 300),
  stands('ntk_log_retention_seconds', { ...WRITER_2, log: 'results' }, 400),
  grows('ntk_results_written_total', WRITER, 12),
  grows('ntk_results_written_total', WRITER_2, 7),
  grows('ntk_write_failures_total', { ...WRITER, code: 'TOO_MANY_PARTS' }, 0.04),
  grows('ntk_write_failures_total', { ...WRITER_2, code: 'TOO_MANY_PARTS' }, 0.01),
];

const DOORS: MadeSeries[] = [
  grows('ntk_gateway_requests_total', { ...GATEWAY, code: '202' }, 4),
  grows('ntk_gateway_requests_total', { ...GATEWAY_2, code: '202' }, 3),
  grows('ntk_gateway_requests_total', { ...GATEWAY, code: '503' }, 0.5),
  grows('ntk_gateway_records_accepted_total', GATEWAY, 15),
  grows('ntk_gateway_records_accepted_total', GATEWAY_2, 6),
  grows('ntk_gateway_records_refused_total', { ...GATEWAY, code: '403' }, 0.125),
  grows('ntk_gateway_records_refused_total', { ...GATEWAY_2, code: '403' }, 0.125),
  grows('ntk_gateway_bytes_accepted_total', GATEWAY, 5_000),
  grows('ntk_gateway_bytes_accepted_total', GATEWAY_2, 2_000),
  grows('ntk_gateway_commit_failures_total', { ...GATEWAY, code: 'log_unreachable' }, 0.1),
  grows('ntk_gateway_commit_failures_total', { ...GATEWAY_2, code: 'log_unreachable' }, 0.025),
  stands('ntk_gateway_in_flight_bytes', GATEWAY, 65_536),
  stands('ntk_gateway_in_flight_bytes', GATEWAY_2, 100),
  stands('ntk_gateway_in_flight_requests', GATEWAY, 11),
  stands('ntk_gateway_in_flight_requests', GATEWAY_2, 1),
  stands('ntk_gateway_queued_requests', GATEWAY, 3),
  stands('ntk_gateway_queued_requests', GATEWAY_2, 0),
  stands('ntk_gateway_tokens', GATEWAY, 5),
  stands('ntk_gateway_tokens', GATEWAY_2, 6),
  stands('ntk_gateway_tokens_file_broken', GATEWAY, 1),
  stands('ntk_gateway_tokens_file_broken', GATEWAY_2, 1),
  stands('ntk_source_last_seen_seconds', { ...SCORER_1, source: 'host/wechat-ios' }, 400),
  stands('ntk_source_last_seen_seconds', { ...SCORER_2, source: 'host/wechat-ios' }, 3),
  stands('ntk_source_last_seen_seconds', { ...SCORER_1, source: 'host/android' }, 7_200),
];

const PROCESSES: MadeSeries[] = [GATEWAY, SCORER_1, SCORER_2, WRITER].flatMap((target, i) => [
  stands('up', target, 1),
  stands('ntk_build_info', { ...target, version: '0.1.0', engine: i === 1 ? '6' : '7' }, 1),
  stands('process_resident_memory_bytes', target, (i + 1) * 100_000_000),
  grows('process_cpu_seconds_total', target, (i + 1) / 10),
  stands('nodejs_eventloop_lag_p99_seconds', target, (i + 1) / 100),
  // The second scorer was started anew half an hour ago.
  {
    name: 'process_start_time_seconds',
    labels: target,
    valueAt: (ago) => END_SECONDS - (i === 2 && ago < 1800 ? 1800 : 700_000),
  },
]);

/** Others than ours, which no panel may count. */
const STRANGERS: MadeSeries[] = [
  stands('up', { job: 'node', instance: 'elsewhere:9100' }, 0),
  stands('up', SCORER_3, 0),
  stands('process_resident_memory_bytes', { job: 'prometheus', instance: 'localhost:9090' }, 5),
  grows('process_cpu_seconds_total', { job: 'prometheus', instance: 'localhost:9090' }, 5),
  stands('process_start_time_seconds', { job: 'prometheus', instance: 'localhost:9090' }, 5),
  stands('nodejs_eventloop_lag_p99_seconds', { job: 'grafana', instance: 'localhost:3000' }, 5),
];

/** OpenMetrics with times, series by series. */
export function madeMetrics(): string {
  const lines: string[] = [];
  // Samples of a name have to stand together; all are of an unknown type, which a rate does not mind.
  const series = [...JUDGED, ...BEHIND, ...LIMITS, ...DOORS, ...PROCESSES, ...STRANGERS].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  let name = '';
  for (const one of series) {
    if (one.name !== name) lines.push(`# TYPE ${one.name} unknown`);
    name = one.name;
    const labels = Object.entries(one.labels).map(([label, value]) => `${label}="${value}"`);
    for (let ago = LENGTH_SECONDS; ago >= 0; ago -= STEP_SECONDS)
      lines.push(`${one.name}{${labels.join(',')}} ${one.valueAt(ago)} ${END_SECONDS - ago}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}
