/** SQL of the pages about programs. Parameters as in ./queries.ts: `logId`, `partitions` and `positions`, unless a query says otherwise. */
import { BASELINE_REASON_LIST, SPILLING } from '../review/queries.ts';
import { AS_OF, byReasonSql, headlineSql, IN_RANGE } from './queries.ts';

const WOULD = `proposed = 'intercept' AND verdict < 'intercept'`;

export interface ProgramRow {
  readonly program: string;
  /** In force at its latest access. */
  readonly class_name: string;
  readonly accesses: string;
  readonly intercepted: string;
  readonly would_have: string;
  /** Results with a finding of the baselines. */
  readonly unusual: string;
  /** Milliseconds since 1970 of its latest access. */
  readonly last_ms: string;
}

/** The programs to look at first. Further parameter: `max`. */
export const PROGRAMS_SQL = `
SELECT program, argMax(class, appended_at) AS class_name, count() AS accesses, countIf(verdict = 'intercept') AS intercepted,
  countIf(${WOULD}) AS would_have, countIf(hasAny(reasons, ${BASELINE_REASON_LIST})) AS unusual, toUnixTimestamp64Milli(max(event_time)) AS last_ms
FROM ntk.access_results FINAL WHERE ${AS_OF}
GROUP BY program ORDER BY intercepted + would_have DESC, unusual DESC, accesses DESC, program LIMIT {max:UInt32}
${SPILLING}`;

export interface ProgramCategoryRow {
  readonly category: string;
  readonly accesses: string;
  readonly background: string;
  readonly intercepted: string;
  readonly would_have: string;
  /** Milliseconds since 1970 of its latest access. */
  readonly last_ms: string;
}

/** Of one program; further parameters: those of {@link IN_RANGE}, and `program`. */
const OF_PROGRAM = `${IN_RANGE} AND program = {program:String}`;

export const PROGRAM_HEADLINE_SQL = headlineSql(OF_PROGRAM);
export const PROGRAM_REASONS_SQL = byReasonSql(OF_PROGRAM);
export const PROGRAM_CATEGORIES_SQL = `
SELECT category, count() AS accesses, countIf(NOT foreground) AS background, countIf(verdict = 'intercept') AS intercepted,
  countIf(${WOULD}) AS would_have, toUnixTimestamp64Milli(max(event_time)) AS last_ms
FROM ntk.access_results FINAL WHERE ${OF_PROGRAM}
GROUP BY category ORDER BY accesses DESC, category`;
