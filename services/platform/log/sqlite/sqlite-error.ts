/** What SQLite says, as an error of the log that says what to do. */
import { LogError } from '../event-log.ts';

/** Primary result codes, https://sqlite.org/rescode.html. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** The primary result code of an error of `node:sqlite`, or null for any other error. */
export function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  // The low byte; the rest says more about the same (https://sqlite.org/rescode.html#pve).
  return error.errcode & 0xff;
}

/** Another connection holds what is needed: trying again later may help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code === BUSY || code === LOCKED;
}

/** A {@link LogError} for what is no bug; any other error comes back as it is. */
export function asLogError(error: unknown, path: string): unknown {
  const code = sqliteCodeOf(error);
  const cause = { cause: error };
  switch (code) {
    case BUSY:
    case LOCKED:
      return new LogError(
        'log_busy',
        `the log at ${path} is kept busy by another process; try again when that is done or stopped`,
        cause,
      );
    case FULL:
      return new LogError(
        'log_disk_full',
        `no space is left for the log at ${path}, nothing was written; make room on that disk and try again`,
        cause,
      );
    case CORRUPT:
      return new LogError('log_corrupt', `the log at ${path} is damaged; restore the data folder from a copy`, cause);
    case NOTADB:
      return new LogError(
        'log_corrupt',
        `${path} is not a log; name another data folder, or restore this one from a copy`,
        cause,
      );
    case READONLY:
    case CANTOPEN:
    case IOERR:
      return new LogError(
        'log_unreachable',
        `the log at ${path} cannot be read or written (${(error as Error).message}); check the disk and who may write there`,
        cause,
      );
    default:
      return error;
  }
}
