/** Opening the log's file, or making it. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { keepToOwner, makeForOwner } from '../../folder/owner-only.ts';
import { LogError } from '../event-log.ts';
import {
  checkFormat,
  createTables,
  isEmpty,
  PARTITIONS_DEFAULT,
  readManifest,
  setUpConnection,
  type SyncMode,
} from './format.ts';
import { isBusy, sqliteCodeOf } from '../../sqlite-codes.ts';
import { asLogError } from './sqlite-error.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';

/** A transaction of another process takes milliseconds; one that takes this long is stuck. */
const BUSY_TIMEOUT_MS = 5_000;
/** Two processes that make the same log at once cannot always wait inside SQLite: changing to WAL may answer busy at once. */
const OPEN_ATTEMPTS_MAX = 25;
const OPEN_TIMEOUT_MS = 100;
const OPEN_PAUSE_MS = 100;
/** SQL that does not fit the tables that are there. */
const SQLITE_ERROR = 1;

export interface OpenSqliteLogOptions {
  readonly path: string;
  /** Chosen when the log is made; of an existing log only to be checked. @default 4, or what the log has */
  readonly partitions?: number;
  /** Whether to make the log when there is none. */
  readonly create: boolean;
  readonly clock: { nowMs(): number };
  /** @default 'full' */
  readonly syncMode?: SyncMode;
  /** The file may not grow beyond this; then commits fail with `log_disk_full`. @default what SQLite allows */
  readonly bytesMax?: number;
  /** How long to wait, with this thread standing still, while another process writes; then `log_busy`. @default 5,000 */
  readonly busyTimeoutMs?: number;
}

/** @throws LogError with a message of one line that says what to do */
export async function openSqliteLog(options: OpenSqliteLogOptions): Promise<SqliteEventLog> {
  for (let attempt = 1; ; attempt++) {
    try {
      return openOnce(options);
    } catch (error) {
      if (!isBusy(error) || attempt === OPEN_ATTEMPTS_MAX) throw asLogError(error, options.path);
      await pause(OPEN_PAUSE_MS);
    }
  }
}

function openOnce(options: OpenSqliteLogOptions): SqliteEventLog {
  const { path, create, clock, syncMode = 'full', bytesMax, busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
  if (!create && !existsSync(path)) throw noLog(path);
  // Raw user ids lie in it. SQLite gives the files beside it the rights that the log itself has when they are made.
  if (create) makeForOwner(path);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) keepToOwner(file);
  const db = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
  try {
    const isNew = isEmpty(db);
    if (isNew && !create) throw noLog(path);
    if (!isNew) checkFormat(db, path);
    setUpConnection(db, syncMode, bytesMax);
    if (isNew) {
      createTables(db, options.partitions ?? PARTITIONS_DEFAULT);
      checkFormat(db, path);
    }
    const manifest = readManifest(db, path);
    const { partitions = manifest.partitions } = options;
    if (partitions !== manifest.partitions) {
      throw new LogError(
        'log_wrong_partitions',
        `the log at ${path} was made with ${manifest.partitions} partitions, which cannot be changed to ${partitions}`,
      );
    }
    const log = new SqliteEventLog({ db, path, manifest, clock, syncMode });
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    return log;
  } catch (error) {
    db.close();
    if (sqliteCodeOf(error) !== SQLITE_ERROR) throw error;
    throw new LogError('log_corrupt', `the log at ${path} lacks tables; restore the data folder from a copy`, { cause: error });
  }
}

function noLog(path: string): LogError {
  return new LogError('log_unreachable', `there is no log at ${path}`);
}
