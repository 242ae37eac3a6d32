/**
 * SQL of a report's certificate. Parameters as in queries.ts: `logId`, `partitions` and `positions` (parallel), `fromUs`, `toUs`.
 */
import { SIMULATED_SOURCE_PREFIX } from '../../../schemas/simulation/sources.ts';
import { IN_RANGE } from './queries.ts';
import { CERTIFIED_POLICIES_MAX, type Period } from './certificate.ts';

export interface CertifiedPartitionRow {
  readonly partition: number;
  readonly first: string;
  readonly next: string;
  readonly blocks: string;
  readonly gaps: string;
  readonly accesses: string;
  readonly engines: readonly number[];
  readonly rows_hash: string;
  readonly entry_hash: string;
}

/** Inside, no alias has the name of a column: it would be taken for the column. */
export const PARTITIONS_SQL = `
SELECT partition, first_covered AS first, last_covered AS next, blocks, gaps, accesses_covered AS accesses, engines, rows_hash, entry_hash
FROM (
  SELECT partition, min(b.first) AS first_covered, max(b.next) AS last_covered,
    countIf(kind = 'block') AS blocks, countIf(kind = 'gap') AS gaps, sum(b.accesses) AS accesses_covered,
    arraySort(groupUniqArray(b.engine)) AS engines,
    argMax(b.rows_hash, (b.next, b.state_to)) AS rows_hash, argMax(b.entry_hash, (b.next, b.state_to)) AS entry_hash
  FROM ntk.blocks AS b FINAL
  WHERE log_id = {logId:UUID} AND b.next <= transform(partition, {partitions:Array(UInt16)}, {positions:Array(UInt64)}, toUInt64(0))
  GROUP BY partition
)
ORDER BY partition`;

export interface CertifiedPolicyRow {
  readonly hash: string;
  readonly accesses: string;
  readonly first_ms: string;
  readonly last_ms: string;
}

export const POLICIES_SQL = `
SELECT toString(policy_hash) AS hash, count() AS accesses,
  toUnixTimestamp64Milli(min(appended_at)) AS first_ms, toUnixTimestamp64Milli(max(appended_at)) AS last_ms
FROM ntk.access_results FINAL WHERE ${IN_RANGE}
GROUP BY policy_hash ORDER BY first_ms, hash LIMIT ${CERTIFIED_POLICIES_MAX}`;

export interface SpanRow {
  readonly accesses: string;
  readonly simulated: string;
  readonly first_ms: string;
  readonly last_ms: string;
}

export const SPAN_SQL = `
SELECT count() AS accesses, countIf(startsWith(source, '${SIMULATED_SOURCE_PREFIX}')) AS simulated,
  toUnixTimestamp64Milli(min(event_time)) AS first_ms, toUnixTimestamp64Milli(max(event_time)) AS last_ms
FROM ntk.access_results FINAL WHERE ${IN_RANGE}`;

/** One row when anything of the simulator is stored. */
export const ANY_SIMULATED_SQL = `
SELECT 1 AS found FROM ntk.access_results WHERE log_id = {logId:UUID} AND startsWith(source, '${SIMULATED_SOURCE_PREFIX}') LIMIT 1`;

export interface PeriodRow {
  readonly start_s: string;
  readonly accesses: string;
  readonly intercepted: string;
  readonly would_have: string;
}

const START_OF: Readonly<Record<Period, string>> = {
  minute: 'toStartOfMinute(event_time)',
  hour: 'toStartOfHour(event_time)',
  day: 'toStartOfDay(event_time)',
  week: 'toMonday(event_time)',
  month: 'toStartOfMonth(event_time)',
  year: 'toStartOfYear(event_time)',
};

/** With `enable_extended_results_for_datetime_functions` the beginnings reach as far as the times themselves. */
export function timelineSql(period: Period): string {
  return `
SELECT toString(toUnixTimestamp64Milli(toDateTime64(${START_OF[period]}, 3, 'UTC')) DIV 1000) AS start_s, count() AS accesses,
  countIf(verdict = 'intercept') AS intercepted, countIf(proposed = 'intercept' AND verdict < 'intercept') AS would_have
FROM ntk.access_results FINAL WHERE ${IN_RANGE}
GROUP BY start_s ORDER BY toInt64(start_s) LIMIT 400
SETTINGS enable_extended_results_for_datetime_functions = 1`;
}
