/**
 * Conditions and expressions of the SQL boards. They count what `ntk report` counts: rows by their identity (FINAL), of one log, inside
 * the event times shown (`from` included, `to` not), and only as far as the ledger reaches: the writer inserts rows before their
 * ledger entry, and a figure that runs ahead of the ledger would not be a report's.
 */
import { sqlText } from './variables.ts';

const LOG_ID = `toUUIDOrZero(${sqlText('log')})`;

/** Two arrays: partitions, and how far each is stored. A scalar, so that it is asked once a statement. */
const STORED = `(SELECT (groupArray(p), groupArray(n)) FROM (SELECT partition AS p, max(next) AS n FROM ntk.blocks FINAL WHERE log_id = ${LOG_ID} GROUP BY p))`;

/** Rows of the log that is looked at, whatever their time. */
export const ROWS_OF_LOG = `log_id = ${LOG_ID}
  AND offset < transform(partition, tupleElement(${STORED}, 1), tupleElement(${STORED}, 2), toUInt64(0))`;

/** `to` is left out, as in a report, so that two ranges that touch share no row. */
export const IN_RANGE = `${ROWS_OF_LOG}
  AND event_time >= $__fromTime_ms AND event_time < $__toTime_ms`;

export const LEDGER_OF_LOG = `log_id = ${LOG_ID}`;

export const OF_PROGRAM = `program = ${sqlText('program')}`;

/** First moment of the day in UTC. toStartOfDay() ends in 2149, event times in 2254; the setting for more needs more rights. */
export const DAY = `fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(event_time), 86400000) * 86400000, 'UTC')`;

export const TIMING = `multiIf(outcome = 'pending', 'prevented', outcome = 'refused', 'already refused', 'late')`;

/** Column names as people read them. */
export const HEADLINE_COLUMNS = `intercept AS "Attempts intercepted", programs AS "Programs", users AS "Users",
  prevented AS "Prevented", already_refused AS "Already refused", late AS "Late"`;

const QUOTE = String.raw`concat('\'', replaceAll(%, '\'', '\'\\\'\''), '\'')`;
const quoted = (column: string): string => QUOTE.replace('%', column);
/** Ids are chosen by whoever sends. In single quotes nothing in them is a command; control characters would be keys pressed. */
const HAS_CONTROL_CHARACTERS = String.raw`match(concat(event_id, source, program), '[\\x00-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]')`;

/** What to type to have an access explained, safe to paste into a shell. */
export const EXPLAIN_COMMAND = `if(${HAS_CONTROL_CHARACTERS},
    concat('the id has control characters: look for partition ', toString(partition), ' and offset ', toString(offset), ' with ntk query'),
    concat('ntk explain --source=', ${quoted('source')}, ' --program=', ${quoted('program')}, ' -- ', ${quoted('event_id')}))`;
