/** Errors of the engine, the network and the client as {@link WarehouseError}: one code, one line, and whether waiting helps. */
import { ClickHouseError } from '@clickhouse/client';
import { WarehouseError } from './warehouse.ts';

/**
 * ClickHouse's names of what may pass by itself; a code is a name of
 * https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp or one of {@link OWN_CODES}.
 */
const RETRYABLE = new Set([
  'TIMEOUT_EXCEEDED', // 159
  'TOO_SLOW', // 160
  'CANNOT_ALLOCATE_MEMORY', // 173
  'TOO_MANY_SIMULTANEOUS_QUERIES', // 202
  'NO_FREE_CONNECTION', // 203
  'SOCKET_TIMEOUT', // 209
  'NETWORK_ERROR', // 210
  'NO_ZOOKEEPER', // 225
  'ABORTED', // 236
  'MEMORY_LIMIT_EXCEEDED', // 241
  'TABLE_IS_READ_ONLY', // 242: a replica that lost its keeper
  'NOT_ENOUGH_SPACE', // 243: somebody may make room; the rows wait in the log
  'TOO_MANY_PARTS', // 252
  'NO_AVAILABLE_REPLICA', // 265
  'ALL_CONNECTION_TRIES_FAILED', // 279
  'TOO_FEW_LIVE_REPLICAS', // 285
  'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE', // 286
  'UNKNOWN_STATUS_OF_INSERT', // 319
  'UNFINISHED', // 341: a mutation that goes on
  'QUERY_WAS_CANCELLED', // 394
  'SYSTEM_ERROR', // 425
  'CANNOT_SCHEDULE_TASK', // 439
  'DEADLOCK_AVOIDED', // 473
  'ASYNC_LOAD_WAIT_FAILED', // 722
  'TABLE_IS_BEING_RESTARTED', // 733
  'QUERY_WAS_CANCELLED_BY_CLIENT', // 735
  'SERVER_OVERLOADED', // 745
  'KEEPER_EXCEPTION', // 999
]);

/** Our own, written like the engine's so that they pass through the running system's endpoint. */
export const OWN_CODES = {
  /** Nothing answers. */
  unreachable: 'UNREACHABLE',
  /** No answer in time. */
  timeout: 'NO_ANSWER_IN_TIME',
  /** Somebody else has the folder open. */
  inUse: 'FOLDER_IN_USE',
  /** Used after it was closed. */
  closed: 'WAREHOUSE_CLOSED',
  /** A path that the engine would read as a pattern. */
  path: 'UNUSABLE_PATH',
  /** What came back is no answer of a ClickHouse. */
  notClickHouse: 'NOT_A_CLICKHOUSE',
  /** Refused by the rules of read-only queries; the engine's own name for it. */
  readonly: 'READONLY',
  /** An applied migration is not the one of this release. */
  migration: 'MIGRATION_MISMATCH',
} as const;

const OWN_RETRYABLE = new Set<string>([OWN_CODES.unreachable, OWN_CODES.timeout]);

/** Codes that Node gives to what happens on the way. */
const NETWORK = /^(?:E(?:CONN\w+|PIPE|HOST\w+|NET\w+|NOTFOUND|AI_AGAIN|TIMEDOUT|PROTO)|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET_\w+)$/;

/** A message is one line of at most this many characters. */
const MESSAGE_CHARS_MAX = 400;

export function isRetryable(code: string): boolean {
  return RETRYABLE.has(code) || OWN_RETRYABLE.has(code);
}

export function warehouseError(code: string, message: string, options?: ErrorOptions): WarehouseError {
  return new WarehouseError(code, isRetryable(code), message, options);
}

/** @param where what stands in messages for the warehouse, without a password */
export function toWarehouseError(error: unknown, where: string): WarehouseError {
  if (error instanceof WarehouseError) return error;
  if (!(error instanceof Error)) return warehouseError(OWN_CODES.notClickHouse, `${where}: failed for no stated reason`);
  if (error instanceof ClickHouseError) return warehouseError(error.type ?? `CODE_${error.code}`, readable(error.message), { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (/^Timeout error/.test(error.message)) return warehouseError(OWN_CODES.timeout, `${where}: no answer in time`, { cause: error });
  if (code !== undefined && NETWORK.test(code)) return warehouseError(OWN_CODES.unreachable, `${where}: cannot be reached (${code})`, { cause: error });
  if (code === 'ENOSPC') return warehouseError('NOT_ENOUGH_SPACE', `${where}: no space left on the disk`, { cause: error });
  return warehouseError(OWN_CODES.notClickHouse, `${where}: ${readable(error.message)}`, { cause: error });
}

/**
 * The first line, without the markers that say again what the code says, and without the engine's view of the query, in
 * which bound values (a user's id among them) stand in the clear.
 */
export function readable(message: string): string {
  const line = message
    .split('\n', 1)[0]!
    .replace(/^.*?(?:Code|Error): \d+\. DB::Exception: /, '')
    .replace(/(?:[:.,] ?)? ?in scope .*$/is, '')
    .replace(/: ?while (?:processing|executing) .*$/is, '')
    .replace(/ \([A-Z0-9_]{4,}\)(?: \(version .*)?\s*$/, '')
    .trim();
  return line.length <= MESSAGE_CHARS_MAX ? line : `${line.slice(0, MESSAGE_CHARS_MAX - 1)}…`;
}
