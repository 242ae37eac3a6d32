/**
 * The metrics of scorer and writer: contracts.md section 7. Counted after the fact. No program, user or purpose is ever a label; what
 * others choose freely (a source) is bounded.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { REJECT_REASONS, RECORD_TYPES } from '../../../schemas/codes.ts';
import { type Clock, systemClock } from '../clock.ts';
import { LastSeen } from './last-seen.ts';

/** From a verdict before the host's own time-out (tens of milliseconds) to a backlog of hours. */
const VERDICT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600];
/** Storing waits for a group (1 s) and goes on when ClickHouse is back (an hour and more). */
const STORED_SECONDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 900, 3600, 14_400];

export type Metrics = ReturnType<typeof createMetrics>;

/** Defines all of them on a registry; twice on the same one is an error. The clock ages what was last seen. */
export function createMetrics(registry: Registry, clock: Pick<Clock, 'nowMs'> = systemClock) {
  const { counter, gauge, histogram } = definingOn(registry);
  const metrics = {
    accessEvents: counter('ntk_access_events_total', 'Accesses judged, duplicates left out.', ['category', 'outcome']),
    verdicts: counter('ntk_verdicts_total', 'Verdicts in effect.', ['verdict', 'category']),
    interceptions: counter('ntk_interceptions_total', 'Intercepted attempts, once for each intercepting reason.', [
      'category',
      'reason',
      'timing',
    ]),
    interceptedAttempts: counter('ntk_intercepted_attempts_total', 'Intercepted attempts, once each.', ['category', 'timing']),
    wouldIntercept: counter('ntk_would_intercept_total', 'Attempts that a stricter mode would have intercepted, by reason.', [
      'category',
      'reason',
    ]),
    interceptedPrograms: gauge('ntk_intercepted_programs', 'Distinct programs intercepted in the last 24 hours.'),
    findings: counter('ntk_findings_total', 'Findings of the checks, by the action the policy gives them.', ['reason', 'action']),
    limitRefusals: counter('ntk_limit_refusals_total', 'Refusals of limits; shadow limits refuse without effect.', [
      'limit',
      'shadow',
    ]),
    nearLimit: counter('ntk_near_limit_total', 'Accesses that passed a limit with over 80 % of its tolerance used.', ['limit']),
    baselineAlarms: counter('ntk_baseline_alarms_total', 'Findings of the baselines.', ['reason']),
    duplicates: counter('ntk_duplicates_total', 'Records that came again within the window.'),
    rejects: counter('ntk_rejects_total', 'Records that could not be read, by reason.', ['reason']),
    facts: counter('ntk_facts_total', 'Facts accepted, by type.', ['type']),
    staleFacts: counter('ntk_stale_facts_total', 'Declarations of a version that is not newer than the one in force.'),
    policyRejected: counter('ntk_policy_rejected_total', 'Policies that did not parse or check; the one before stays in force.'),
    policyInfo: gauge('ntk_policy_info', '1 for the policy in force.', ['policy_hash']),
    lagRecords: gauge('ntk_lag_records', 'Records of the log that are not judged yet.', ['partition']),
    oldestUnscoredSeconds: gauge(
      'ntk_oldest_unscored_seconds',
      'How long the oldest record that is not judged yet has been waiting.',
    ),
    eventToVerdictSeconds: histogram(
      'ntk_event_to_verdict_seconds',
      'From a live record in the log to its verdict.',
      VERDICT_SECONDS,
    ),
    eventToStoredSeconds: histogram(
      'ntk_event_to_stored_seconds',
      'From a live record in the log to its row in ClickHouse.',
      STORED_SECONDS,
    ),
    resultsWritten: counter('ntk_results_written_total', 'Rows stored.'),
    writeFailures: counter('ntk_write_failures_total', 'Inserts that failed and are tried again, by ClickHouse error.', ['code']),
    gapsAccepted: counter('ntk_gaps_accepted_total', 'Ledger entries stored of records that were accepted as lost.'),
    stateKeys: gauge('ntk_state_keys', 'Keys held in memory, of all partitions.', ['kind']),
    checkpointAgeSeconds: gauge('ntk_checkpoint_age_seconds', "Age of the oldest partition's newest checkpoint."),
    dedupWindowSeconds: gauge(
      'ntk_dedup_window_seconds',
      'Age of the oldest record id that is still remembered; duplicates that come later count again.',
    ),
    positionMismatch: counter(
      'ntk_position_mismatch_total',
      'Takings of a partition when tools for lag were shown another position than the end of its last block.',
    ),
    sources: new LastSeen(registry, clock),
  };
  startAtZero(metrics);
  return metrics;
}

/** Zero is an answer: a rate over a counter that appears with its first failure misses that failure. */
function startAtZero({ rejects, facts }: { readonly rejects: Counter<'reason'>; readonly facts: Counter<'type'> }): void {
  for (const reason of REJECT_REASONS) rejects.inc({ reason }, 0);
  for (const type of RECORD_TYPES) facts.inc({ type }, 0);
}

function definingOn(registry: Registry) {
  const registers = [registry];
  const counter = <const Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> => new Counter({ name, help, labelNames: [...labelNames], registers });
  const gauge = <const Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> => new Gauge({ name, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name, help, buckets, registers });
  return { counter, gauge, histogram };
}
