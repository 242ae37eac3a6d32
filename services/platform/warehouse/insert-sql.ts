/**
 * The one INSERT of the house: RowBinary from a file (embedded) or from the request's body (server), with further columns
 * as expressions. Both are `INSERT ... SELECT`, which takes bytes and expressions in one statement.
 */
import { byteCountOf } from './bytes.ts';
import type { RowsInsert } from './warehouse.ts';

/** Rows of a group at most (writer: 500,000) stay one block in memory and so one part a month: all of it is there or nothing. */
const BLOCK_ROWS_MIN = 4_000_000;

/**
 * Some ten thousand rows. An insert has each row once, so nobody need look for doubles in it, which the engine does value by value, for two
 * fifths of what an insert costs. But it notes that it did, and FINAL goes through parts without that note until they are merged, at most ten
 * of them: a question of a million rows takes a tenth of a second longer, or three, and would take seconds longer if they were large.
 */
const UNCHECKED_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Rows to be in one block, whatever their bytes; no queue on the server; the token. The table must have a window for tokens
 * (`non_replicated_deduplication_window`, or replication's own).
 */
function settings(token: string, byteCount: number): string {
  return [
    `insert_deduplication_token = ${sqlString(token)}`,
    'insert_deduplicate = 1',
    'async_insert = 0',
    `optimize_on_insert = ${byteCount > UNCHECKED_BYTES_MAX ? 1 : 0}`,
    'max_insert_threads = 1',
    // History may hold any month from 1970 to 2254; the default of 100 months an insert would fail for good.
    'max_partitions_per_insert_block = 0',
    `min_insert_block_size_rows = ${BLOCK_ROWS_MIN}`,
    'min_insert_block_size_bytes = 0',
  ].join(', ');
}

/** Where the rows come from: `file(...)` or `input(...)`, given their structure. */
type RowSource = (structure: string) => string;

export function insertSql({ table, columns, bytes, expressions = {}, token }: RowsInsert, source: RowSource): string {
  const names = columns.map(({ name }) => sqlIdentifier(name));
  const targets = [...names, ...Object.keys(expressions).map(sqlIdentifier)];
  const values = [...names, ...Object.values(expressions)];
  const structure = columns.map(({ name, type }) => `${sqlIdentifier(name)} ${asRead(type)}`).join(', ');
  return `INSERT INTO ntk.${sqlIdentifier(table)} (${targets.join(', ')}) SETTINGS ${settings(token, byteCountOf(bytes))} SELECT ${values.join(', ')} FROM ${source(structure)}`;
}

/**
 * How bytes of a type are read: they are the same for `String`, and a column that is read whole becomes LowCardinality in the SELECT for a sixth
 * less processor time a row (10 for 12 microseconds) than value by value.
 */
function asRead(type: string): string {
  return type.replaceAll('LowCardinality(String)', 'String');
}

/** `compression: none`, or the engine would guess it from the file's name. */
export function fromFile(path: string): RowSource {
  return (structure) => `file(${sqlString(path)}, 'RowBinary', ${sqlString(structure)}, 'none')`;
}

export const fromBody: RowSource = (structure) => `input(${sqlString(structure)}) FORMAT RowBinary`;

const FROM_BODY = /\bFROM\s+input\('((?:[^'\\]|\\.)*)'\)\s+FORMAT\s+RowBinary\s*;?\s*$/s;

/** The same INSERT with the body's rows taken from a file, or null when it takes none from the body. */
export function bodyToFile(sql: string, path: string): string | null {
  const match = FROM_BODY.exec(sql);
  if (match === null) return null;
  return `${sql.slice(0, match.index)}FROM file(${sqlString(path)}, 'RowBinary', '${match[1]}', 'none')`;
}

/**
 * What the engine reads as a pattern or an archive in the path of `file()`. A path with one of these would silently read
 * other files or none, so it is refused where a spool folder is chosen.
 */
export const PATTERN_IN_PATH = /[*?{}]|::/;

export function sqlString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** Our own names only; a backquote or backslash in one is a bug. */
function sqlIdentifier(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`not a column or table of ours: ${name}`);
  return `\`${name}\``;
}
