/** What is asked: the report's headline as `ntk report` asks it, in other ways, and parts of it. Parameters: services/domain/report/queries.ts. */
import { BY_REASON_SQL, HEADLINE_SQL, IN_RANGE, ROWS_STORED_SQL } from '../../../services/domain/report/queries.ts';

export const QUESTIONS = {
  /** What the engine takes by itself. */
  nothing: 'SELECT 1 AS one',
  headline: HEADLINE_SQL,
  /** A row's arrival never changes, so that all copies of a row are in parts of one month: merging each month by itself is FINAL, too. */
  'headline, months by themselves': `${HEADLINE_SQL} SETTINGS do_not_merge_across_partitions_select_final = 1`,
  'headline, one thread': `${HEADLINE_SQL} SETTINGS max_threads = 1`,
  /** Counts rows that lie there twice twice: what FINAL costs, not a way to ask. */
  'headline without FINAL': HEADLINE_SQL.replace(' FINAL', ''),
  'by reason': BY_REASON_SQL,
  'rows stored': ROWS_STORED_SQL,
  /** The distinct users alone, which cannot be summed over blocks: copies of a row are of one user, so that this needs no FINAL. */
  'users alone': `SELECT uniqExact(user) AS users FROM ntk.access_results WHERE ${IN_RANGE} AND verdict = 'intercept'`,
  /** What counts by block answer, from rows. */
  'counts from rows': `
SELECT sum(n) AS accesses, count() AS cells
FROM (SELECT count() AS n FROM ntk.access_results FINAL WHERE ${IN_RANGE} GROUP BY category, class, outcome, verdict, proposed)`,
} as const;
/** Not one statement: services/platform/warehouse/block-counts.ts. */
export const FROM_BLOCKS = 'counts from blocks' as const;

export type Question = keyof typeof QUESTIONS | typeof FROM_BLOCKS;
