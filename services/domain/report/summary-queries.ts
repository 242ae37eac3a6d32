/** SQL of what `ntk run` says at its end, over everything stored of a log. Parameter of all of them: `logId`. */

/** Who took what: what was or would have been intercepted first. Further parameter: `max`, the most rows that are answered. */
export const WHO_TOOK_WHAT_SQL = `
SELECT program, category, count() AS accesses, countIf(verdict = 'intercept') AS intercepted,
  countIf(proposed = 'intercept' AND verdict < 'intercept') AS would_intercept,
  countIf(proposed != 'allow') AS found, arraySort(groupUniqArrayArray(reasons)) AS reasons
FROM ntk.access_results FINAL WHERE log_id = {logId:UUID}
GROUP BY program, category ORDER BY intercepted + would_intercept DESC, found DESC, accesses DESC, program, category LIMIT {max:UInt32}`;

/** Accesses to personal data: all but links, contacted domains and what no category is known for. */
export const PERSONAL_SQL = `
SELECT count() AS accesses, uniqExact(program) AS programs
FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND category NOT IN ('navigation', 'network', 'unknown')`;

/** What the baselines told, and how much of it came into the log lately. Further parameters: `reasons`, theirs; `sinceMs`, milliseconds since 1970. */
export const UNUSUAL_SQL = `
SELECT count() AS accesses, uniqExact(program) AS programs, countIf(toUnixTimestamp64Milli(appended_at) >= {sinceMs:Int64}) AS fresh
FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND hasAny(reasons, {reasons:Array(String)})`;

/** Accesses by category, over everything stored. */
export const CATEGORIES_SQL = `
SELECT category, count() AS accesses, uniqExact(program) AS programs
FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} GROUP BY category ORDER BY accesses DESC, category`;
