/**
 * SQL of what an evaluation reads. Rows are counted by identity (FINAL), below the log positions that were noted when it began.
 * Parameters: those of {@link IN_RANGE}.
 */
import { IN_RANGE } from '../report/queries.ts';

/** `reasons`: the baseline reasons; `max`: rows answered at most. */
export const ALARMS_SQL = `
SELECT program, partition, offset, event_id, toUnixTimestamp64Micro(CAST(event_time, 'DateTime64(6)')) AS time_us,
  arrayFilter(reason -> has({reasons:Array(String)}, reason), reasons) AS baseline_reasons
FROM ntk.access_results FINAL WHERE ${IN_RANGE} AND hasAny(reasons, {reasons:Array(String)})
LIMIT {max:UInt64}`;

/** `Date` ends in 2149. */
export const ACTIVITY_SQL = `
SELECT count() AS accesses, uniqExact(program, toDate32(event_time, 'UTC')) AS program_days
FROM ntk.access_results FINAL WHERE ${IN_RANGE}`;

/** Which of `programs` have an access. */
export const KNOWN_PROGRAMS_SQL = `
SELECT DISTINCT program FROM ntk.access_results FINAL WHERE ${IN_RANGE} AND has({programs:Array(String)}, program)`;
