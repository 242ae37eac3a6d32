/** What `node:sqlite` says when it fails. The log is in SQLite, and so are the locks between processes. */

/** Primary result codes, https://sqlite.org/rescode.html. */
export const SQLITE = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notadb: 26,
} as const;

/** An extended one: the index of the write-ahead log, a file beside it, could not be made as large as it has to be. */
const IOERR_SHMSIZE = 4874;

/** The primary result code of an error of `node:sqlite`, or null for any other error. */
export function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  if (error.errcode === IOERR_SHMSIZE) return SQLITE.full;
  // The low byte; the rest says more about the same (https://sqlite.org/rescode.html#pve).
  return error.errcode & 0xff;
}

/** Another connection holds what is needed: trying again later may help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code === SQLITE.busy || code === SQLITE.locked;
}

/** No space is left on the disk. */
export function isFull(error: unknown): boolean {
  return sqliteCodeOf(error) === SQLITE.full;
}
