/**
 * SQL of the interception report (contracts.md section 6). Every total counts rows by identity (FINAL), inside the event times
 * asked for, and only rows below the log positions that were noted when the report began.
 *
 * Parameters, unless a query says otherwise: `logId`, `partitions` and `positions` (parallel), `fromUs` and `toUs` (microseconds since
 * 1970). The functions take the condition that picks the rows: boards, which have no parameters, count the same with one of their own.
 */
import { CLASS_CHARACTERS_MAX, CLASSES_MAX } from '../../../schemas/report/interceptions.ts';

/** Partitions that are not asked about are not read. */
export const AS_OF = `log_id = {logId:UUID} AND partition IN {partitions:Array(UInt16)} AND offset < transform(partition, {partitions:Array(UInt16)}, {positions:Array(UInt64)}, toUInt64(0))`;

export const IN_RANGE = `${AS_OF}
  AND event_time >= fromUnixTimestamp64Micro(toInt64({fromUs:Int64}), 'UTC') AND event_time < fromUnixTimestamp64Micro(toInt64({toUs:Int64}), 'UTC')`;

export const headlineSql = (where: string): string => `
SELECT
  count() AS accesses,
  countIf(verdict = 'allow') AS allow, countIf(verdict = 'flag') AS flag,
  countIf(verdict = 'throttle') AS throttle, countIf(verdict = 'intercept') AS intercept,
  uniqExactIf(program, verdict = 'intercept') AS programs,
  uniqExactIf(user, verdict = 'intercept') AS users,
  countIf(verdict = 'intercept' AND outcome = 'pending') AS prevented,
  countIf(verdict = 'intercept' AND outcome = 'refused') AS already_refused,
  countIf(verdict = 'intercept' AND outcome = 'performed') AS late,
  countIf(proposed = 'intercept' AND verdict < 'intercept') AS would_attempts,
  uniqExactIf(program, proposed = 'intercept' AND verdict < 'intercept') AS would_programs
FROM ntk.access_results FINAL WHERE ${where}`;
export const HEADLINE_SQL = headlineSql(IN_RANGE);

/** An attempt counts once under each of its reasons whose action in effect is intercept. */
export const byReasonSql = (where: string): string => `
SELECT reason AS name, count() AS attempts, uniqExact(program) AS programs
FROM ntk.access_results FINAL ARRAY JOIN reasons AS reason, effective AS effect
WHERE ${where} AND verdict = 'intercept' AND effect = 'intercept'
GROUP BY reason ORDER BY attempts DESC, name`;
export const BY_REASON_SQL = byReasonSql(IN_RANGE);

export const byCategorySql = (where: string): string => `
SELECT category AS name, count() AS attempts, uniqExact(program) AS programs
FROM ntk.access_results FINAL WHERE ${where} AND verdict = 'intercept'
GROUP BY category ORDER BY attempts DESC, name`;
export const BY_CATEGORY_SQL = byCategorySql(IN_RANGE);

/** Categories are ours, classes are what developers declare: as many as there are programs, and each as long as a record. */
export const byClassSql = (where: string): string => `
SELECT if(lengthUTF8(class) > ${CLASS_CHARACTERS_MAX}, concat(substringUTF8(class, 1, ${CLASS_CHARACTERS_MAX}), '…'), class) AS name,
  count() AS attempts, uniqExact(program) AS programs
FROM ntk.access_results FINAL WHERE ${where} AND verdict = 'intercept'
GROUP BY class ORDER BY attempts DESC, class LIMIT ${CLASSES_MAX}`;
export const BY_CLASS_SQL = byClassSql(IN_RANGE);

export const topProgramsSql = (where: string): string => `
SELECT program, count() AS attempts
FROM ntk.access_results FINAL WHERE ${where} AND verdict = 'intercept'
GROUP BY program ORDER BY attempts DESC, program LIMIT 10`;
export const TOP_PROGRAMS_SQL = topProgramsSql(IN_RANGE);

/** Parameters: `logId`, `partitions`, `positions`. Sums over the ledger, whatever `from` and `to` are. */
export const ledgerSql = (where: string): string => `
SELECT
  sumIf(accesses, kind = 'block') AS accesses,
  sumIf(duplicates, kind = 'block') AS duplicates,
  sumIf(arraySum(mapValues(facts)), kind = 'block') AS facts,
  sumIf(arraySum(mapValues(rejects)), kind = 'block') AS rejected,
  sumIf(live_records, kind = 'block') AS live_records,
  sumIf(erasures, kind = 'block') AS erasures
FROM ntk.blocks FINAL
WHERE ${where}`;
const LEDGER_AS_OF =
  'log_id = {logId:UUID} AND next <= transform(partition, {partitions:Array(UInt16)}, {positions:Array(UInt64)}, toUInt64(0))';
export const LEDGER_SQL = ledgerSql(LEDGER_AS_OF);

/** Source offsets that the ledger has an entry for: all below the positions, unless entries were lost. */
export const COVERED_SQL = `SELECT sum(next - first) AS covered FROM ntk.blocks FINAL WHERE ${LEDGER_AS_OF}`;

export const ROWS_STORED_SQL = `SELECT count() AS rows_stored FROM ntk.access_results FINAL WHERE ${AS_OF}`;

/** How far each partition is stored, by its ledger; for a store whose log is not at hand. Parameter: `logId`. */
export const STORED_POSITIONS_SQL = `
SELECT partition, max(next) AS next FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} GROUP BY partition ORDER BY partition`;

/** Logs that have anything stored. No parameters. */
export const LOGS_SQL = 'SELECT DISTINCT log_id FROM ntk.blocks ORDER BY log_id';
