/** The log's file: its tables, its format number, and how a connection is set up. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { LogError } from '../event-log.ts';

/** `ntkL` in the file's header: this file is a log of ours. */
const APPLICATION_ID = 0x6e746b4c;
/** Raised with any change of the tables or of the segment's codec that an older release cannot read. */
const FORMAT = 1;
export const PARTITIONS_DEFAULT = 4;
/** A partition is a UInt16 column of the results table. */
const PARTITIONS_MAX = 65_536;

/** Blobs of some ten KB lie in overflow pages of a linked list: larger pages, shorter lists. */
const PAGE_BYTES = 8_192;
/**
 * Pages in the write-ahead log before they move into the file, 16 MiB. Each move costs two more fsyncs and writes index pages that
 * the next commits change again, so SQLite's 1,000 is too few for many small commits (measured: 4 % fewer a second, p99 0.83 ms
 * instead of 0.6); twice as many would let single commits of 5,000 records wait 40 ms for a move.
 */
const WAL_PAGES = 2_048;
/** After an unusually large transaction the write-ahead log is cut back to this. */
const WAL_KEPT_BYTES = 2 * WAL_PAGES * PAGE_BYTES;
/** In KiB, negative as SQLite wants it: a batch with its checkpoint pages stays in memory until its commit. */
const CACHE_KIB = -16_384;

/**
 * What survives a power failure (a killed process loses nothing in any of them). `full`: all that was committed. `barriers`: all up to the last
 * transaction that is a barrier, and of what came behind it a beginning; where nobody is told anything before the end. `off`: nothing for certain; for
 * simulations, whose log is thrown away.
 */
export type SyncMode = 'full' | 'barriers' | 'off';
/** As SQLite has them (https://sqlite.org/pragma.html#pragma_synchronous): with `NORMAL` only what moves out of the write-ahead log is waited for. */
const SYNCHRONOUS = { full: 'FULL', barriers: 'NORMAL', off: 'OFF' } as const satisfies Record<SyncMode, string>;

export interface Manifest {
  readonly logId: string;
  readonly partitions: number;
}

const TABLES = `
  CREATE TABLE manifest (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_id TEXT NOT NULL,
    partitions INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    partition INTEGER NOT NULL,
    base_offset INTEGER NOT NULL,
    count INTEGER NOT NULL,
    value_bytes INTEGER NOT NULL,
    appended_at_ms INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX segments_by_offset ON segments (stream, partition, base_offset);
  -- Where a partition ends; outlives its segments, so that retention never makes an offset be given twice.
  CREATE TABLE heads (
    stream TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    appended_at_ms INTEGER NOT NULL,
    PRIMARY KEY (stream, partition)
  ) STRICT, WITHOUT ROWID;
  -- Keys are UTF-16BE: comparing bytes then compares code units, as the port promises. Values are large, so rows have an id.
  CREATE TABLE keyed (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    partition INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (stream, partition, key)
  ) STRICT;
  CREATE TABLE owners (
    role TEXT NOT NULL,
    partition INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    PRIMARY KEY (role, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE positions (
    consumer TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (consumer, partition)
  ) STRICT, WITHOUT ROWID;
`;

function numberOf(db: DatabaseSync, sql: string): number {
  const row = db.prepare(sql).get();
  return Number(row === undefined ? 0 : Object.values(row)[0]);
}

/** True for a file without content: new, or left by a process that died while making it. */
export function isEmpty(db: DatabaseSync): boolean {
  return numberOf(db, 'PRAGMA application_id') === 0 && numberOf(db, 'SELECT count(*) FROM sqlite_schema') === 0;
}

/** What holds for this connection only. */
export function setUpConnection(db: DatabaseSync, syncMode: SyncMode, bytesMax: number | undefined): void {
  db.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${SYNCHRONOUS[syncMode]};
    PRAGMA fullfsync = ${syncMode === 'off' ? 0 : 1};
    PRAGMA wal_autocheckpoint = ${WAL_PAGES};
    PRAGMA journal_size_limit = ${WAL_KEPT_BYTES};
    PRAGMA cache_size = ${CACHE_KIB};
  `);
  if (bytesMax !== undefined) db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / PAGE_BYTES))}`);
}

/** Runs `commit` so that it and all that was committed before it are on the disk when it returns: one flush of the write-ahead log. */
export function flushing<Result>(db: DatabaseSync, commit: () => Result): Result {
  db.exec(`PRAGMA synchronous = ${SYNCHRONOUS.full}`);
  try {
    return commit();
  } finally {
    db.exec(`PRAGMA synchronous = ${SYNCHRONOUS.barriers}`);
  }
}

/** Makes the tables unless another process was faster. */
export function createTables(db: DatabaseSync, partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new RangeError(`a log has 1 to ${PARTITIONS_MAX} partitions, not ${partitions}`);
  }
  db.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(db)) {
      db.exec(TABLES);
      db.prepare('INSERT INTO manifest (one, log_id, partitions) VALUES (1, ?, ?)').run(randomUUID(), partitions);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** @throws LogError when the file is no log, or one that this release cannot read */
export function checkFormat(db: DatabaseSync, path: string): void {
  if (numberOf(db, 'PRAGMA application_id') !== APPLICATION_ID) {
    throw new LogError('log_corrupt', `${path} is not a log but another SQLite file; name another data folder`);
  }
  const format = numberOf(db, 'PRAGMA user_version');
  if (format > FORMAT) {
    throw new LogError(
      'log_newer_format',
      `the log at ${path} has format ${format}, this release reads up to ${FORMAT}; use the release that wrote it, or a newer one`,
    );
  }
}

export function readManifest(db: DatabaseSync, path: string): Manifest {
  const row = db.prepare('SELECT log_id AS logId, partitions FROM manifest').get() as Manifest | undefined;
  if (row === undefined)
    throw new LogError('log_corrupt', `the log at ${path} has lost its manifest; restore the data folder from a copy`);
  return { logId: row.logId, partitions: row.partitions };
}
