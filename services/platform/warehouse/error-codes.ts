/** Errors of the engine, the network and the client as {@link WarehouseError}: one code, one line, and whether waiting helps. */
import { parseError } from '@clickhouse/client';
import { WarehouseError } from './warehouse.ts';

/**
 * ClickHouse's numbers and names of what may pass by itself, from
 * https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const RETRYABLE: ReadonlyMap<number, string> = new Map([
  [159, 'TIMEOUT_EXCEEDED'],
  [160, 'TOO_SLOW'],
  [173, 'CANNOT_ALLOCATE_MEMORY'],
  [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  [203, 'NO_FREE_CONNECTION'],
  [209, 'SOCKET_TIMEOUT'],
  [210, 'NETWORK_ERROR'],
  [225, 'NO_ZOOKEEPER'],
  [236, 'ABORTED'],
  [241, 'MEMORY_LIMIT_EXCEEDED'],
  // A replica that lost its keeper.
  [242, 'TABLE_IS_READ_ONLY'],
  // Somebody may make room; meanwhile the rows wait in the log.
  [243, 'NOT_ENOUGH_SPACE'],
  [252, 'TOO_MANY_PARTS'],
  [265, 'NO_AVAILABLE_REPLICA'],
  [279, 'ALL_CONNECTION_TRIES_FAILED'],
  [285, 'TOO_FEW_LIVE_REPLICAS'],
  [286, 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE'],
  [319, 'UNKNOWN_STATUS_OF_INSERT'],
  // A mutation that goes on.
  [341, 'UNFINISHED'],
  [394, 'QUERY_WAS_CANCELLED'],
  [425, 'SYSTEM_ERROR'],
  [439, 'CANNOT_SCHEDULE_TASK'],
  [473, 'DEADLOCK_AVOIDED'],
  [722, 'ASYNC_LOAD_WAIT_FAILED'],
  [733, 'TABLE_IS_BEING_RESTARTED'],
  [735, 'QUERY_WAS_CANCELLED_BY_CLIENT'],
  [745, 'SERVER_OVERLOADED'],
  [999, 'KEEPER_EXCEPTION'],
]);

/** Others that people meet. The name in a message cannot be relied on: `(SELEC)` in a syntax error looks like one. */
const LASTING: ReadonlyMap<number, string> = new Map([
  [16, 'NO_SUCH_COLUMN_IN_TABLE'],
  [36, 'BAD_ARGUMENTS'],
  [47, 'UNKNOWN_IDENTIFIER'],
  [60, 'UNKNOWN_TABLE'],
  [62, 'SYNTAX_ERROR'],
  [81, 'UNKNOWN_DATABASE'],
  [164, 'READONLY'],
  [201, 'QUOTA_EXCEEDED'],
  [456, 'UNKNOWN_QUERY_PARAMETER'],
  [497, 'ACCESS_DENIED'],
  [516, 'AUTHENTICATION_FAILED'],
]);

const RETRYABLE_NAMES: ReadonlySet<string> = new Set(RETRYABLE.values());
const NUMBERS: ReadonlyMap<string, number> = new Map([...RETRYABLE, ...LASTING].map(([number, name]) => [name, number]));

/** ClickHouse's number of a code; 1002 (`UNKNOWN_EXCEPTION`) for our own and for what has no number here. */
export function numberOf(code: string): number {
  return NUMBERS.get(code) ?? 1002;
}

/** Our own, written like the engine's so that they pass through the running system's endpoint. */
export const OWN_CODES = {
  /** Nothing answers. */
  unreachable: 'UNREACHABLE',
  /** No answer in time. */
  timeout: 'NO_ANSWER_IN_TIME',
  /** Somebody else has the folder open. */
  inUse: 'FOLDER_IN_USE',
  /** The engine cannot work in the folder. */
  folder: 'FOLDER_UNUSABLE',
  /** Used after it was closed. */
  closed: 'WAREHOUSE_CLOSED',
  /** A path that the engine would read as a pattern. */
  path: 'UNUSABLE_PATH',
  /** More at once than is taken. */
  tooLarge: 'TOO_LARGE',
  /** What came back is no answer of a ClickHouse. */
  notClickHouse: 'NOT_A_CLICKHOUSE',
  /** Refused by the rules of read-only queries; the engine's own name for it. */
  readonly: 'READONLY',
  /** An applied migration is not the one of this release. */
  migration: 'MIGRATION_MISMATCH',
  /** Tables on which totals would not be exact. */
  unfit: 'TABLES_UNFIT',
} as const;

/** Something between us and a server that is away (a load balancer's 503) speaks no ClickHouse. */
const OWN_RETRYABLE = new Set<string>([OWN_CODES.unreachable, OWN_CODES.timeout, OWN_CODES.notClickHouse]);

/** Codes that Node gives to what happens on the way. */
const NETWORK =
  /^(?:E(?:CONN\w+|PIPE|HOST\w+|NET\w+|NOTFOUND|AI_AGAIN|TIMEDOUT|PROTO)|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET_\w+)$/;

/** A message is one line of at most this many characters. */
const MESSAGE_CHARS_MAX = 400;

/** All codes of errors that are `retryable`. */
export const RETRYABLE_CODES: readonly string[] = [...RETRYABLE_NAMES, ...OWN_RETRYABLE];

/** Codes that have a name here and do not pass by themselves. */
export const LASTING_CODES: readonly string[] = [...LASTING.values()];

function isRetryable(code: string): boolean {
  return RETRYABLE_NAMES.has(code) || OWN_RETRYABLE.has(code);
}

export function warehouseError(code: string, message: string, options?: ErrorOptions): WarehouseError {
  return new WarehouseError(code, isRetryable(code), message, options);
}

/**
 * A bug stays what it is, so that nobody waits for it to pass.
 * @param where what stands in messages for the warehouse, without a password
 */
export function toWarehouseError(error: unknown, where: string): Error {
  if (error instanceof WarehouseError) return error;
  if (!(error instanceof Error)) return warehouseError(OWN_CODES.notClickHouse, `${where}: failed for no stated reason`);
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error;
  const parsed = parseError(error);
  if (isEngineError(parsed)) {
    const name = nameOf(parsed);
    const message = readable(fullMessage(parsed, error));
    return warehouseError(name, name === NO_SPACE ? `${noSpace(where)} (${message})` : message, { cause: error });
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (error.message.startsWith('Timeout error'))
    return warehouseError(OWN_CODES.timeout, `${where}: no answer in time`, { cause: error });
  if (code !== undefined && NETWORK.test(code))
    return warehouseError(OWN_CODES.unreachable, `${where}: cannot be reached: ${code}`, { cause: error });
  if (code === 'ENOSPC') return warehouseError(NO_SPACE, noSpace(where), { cause: error });
  if (code !== undefined && path !== undefined)
    return warehouseError(OWN_CODES.folder, `${where}: ${code} at ${path}`, { cause: error });
  return warehouseError(OWN_CODES.notClickHouse, `${where}: does not answer like a ClickHouse: ${readable(error.message)}`, {
    cause: error,
  });
}

const NO_SPACE = 'NOT_ENOUGH_SPACE';

/** @param what what of it there was room for */
export function noSpaceError(where: string, what: string): WarehouseError {
  return warehouseError(NO_SPACE, `${noSpace(where)} (${what})`);
}

function noSpace(where: string): string {
  return `${where}: no space is left on the disk; make room there, then try again`;
}

interface EngineError extends Error {
  /** Digits. */
  readonly code: string;
  readonly type: string | undefined;
}

/** By its looks: the embedded connection has a copy of the client's class of its own. */
function isEngineError(error: Error): error is EngineError {
  const { code } = error as { code?: unknown };
  return 'type' in error && typeof code === 'string' && /^\d+$/.test(code);
}

function nameOf({ code, type }: EngineError): string {
  const name = RETRYABLE.get(Number(code)) ?? LASTING.get(Number(code));
  return name ?? (NUMBERS.has(type ?? '') ? `CODE_${code}` : (type ?? `CODE_${code}`));
}

/** The client cuts a message short at the first word in capitals and brackets; the engine in this process gives it whole. */
function fullMessage(parsed: EngineError, error: Error): string {
  const whole = error === parsed ? error.cause : error;
  return whole instanceof Error ? whole.message : parsed.message;
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
    .replace(/[:.,]? ?\(in query: .*$/is, '')
    .replace(/ \([A-Z0-9_]{4,}\)(?: \(version .*)?\s*$/, '')
    .trim();
  return line.length <= MESSAGE_CHARS_MAX ? line : `${line.slice(0, MESSAGE_CHARS_MAX - 1)}…`;
}
