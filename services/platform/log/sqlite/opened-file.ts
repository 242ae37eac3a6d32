/**
 * Whether a log still is the file that was opened. SQLite goes on with a file that was removed, moved away or replaced by a copy (it
 * looks only where it keeps a rollback journal, which a log in WAL does not): what it acknowledges then, nobody finds where the log is.
 */
import { statSync } from 'node:fs';
import { LogError } from '../event-log.ts';

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

export class OpenedFile {
  readonly #path: string;
  readonly #opened: Identity | null;

  /** Call it when the file is open. */
  constructor(path: string) {
    this.#path = path;
    this.#opened = identityOf(path);
  }

  /** Two microseconds, against a commit's thousands. @throws LogError */
  check(): void {
    const now = identityOf(this.#path);
    if (now !== null && now.ino === this.#opened?.ino && now.dev === this.#opened.dev) return;
    throw new LogError(
      'log_unreachable',
      `the log at ${this.#path} was moved, removed or replaced while it was open; put it back, or stop this process and start it again`,
    );
  }
}

function identityOf(path: string): Identity | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}
