/** SQL of the drift report. Rows are counted by identity (FINAL). */

/** What each program called. Parameters: `logId`; `max`, the most rows that are answered. */
export const CALLED_SQL = `
SELECT program, max(developer) AS developer, category, count() AS accesses, countIf(NOT foreground) AS background
FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND category NOT IN ('navigation', 'network', 'unknown')
GROUP BY program, category ORDER BY program, category LIMIT {max:UInt32}`;
