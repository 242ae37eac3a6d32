/** What SQLite says, as an error of the log that says what to do. */
import { LogError } from '../event-log.ts';
import { SQLITE, sqliteCodeOf } from '../../sqlite-codes.ts';

/** A {@link LogError} for what is no bug; any other error comes back as it is. */
export function asLogError(error: unknown, path: string): unknown {
  const code = sqliteCodeOf(error);
  const cause = { cause: error };
  switch (code) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new LogError(
        'log_busy',
        `the log at ${path} is kept busy by another process; try again when that is done or stopped`,
        cause,
      );
    case SQLITE.full:
      return new LogError(
        'log_disk_full',
        `no space is left for the log at ${path}, nothing was written; make room on that disk and try again`,
        cause,
      );
    case SQLITE.corrupt:
      return new LogError('log_corrupt', `the log at ${path} is damaged; restore the data folder from a copy`, cause);
    case SQLITE.notadb:
      return new LogError(
        'log_corrupt',
        `${path} is not a log; name another data folder, or restore this one from a copy`,
        cause,
      );
    case SQLITE.readonly:
    case SQLITE.cantopen:
    case SQLITE.ioerr:
      return new LogError(
        'log_unreachable',
        `the log at ${path} cannot be read or written (${(error as Error).message}); check the disk and who may write there`,
        cause,
      );
    default:
      return error;
  }
}
