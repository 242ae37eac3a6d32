/** Logs in a SQLite file for the tests of one, in a folder that goes with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenSqliteLogOptions, openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';

export class SqliteLogs {
  readonly folder = mkdtempSync(join(tmpdir(), 'ntk-log-'));
  /** Of what is opened next. */
  path = join(this.folder, 'log.db');
  readonly #clock: OpenSqliteLogOptions['clock'];
  readonly #opened: SqliteEventLog[] = [];

  constructor(clock: OpenSqliteLogOptions['clock']) {
    this.#clock = clock;
  }

  async open(options: Partial<OpenSqliteLogOptions> = {}): Promise<SqliteEventLog> {
    const log = await openSqliteLog({ path: this.path, create: true, clock: this.#clock, ...options });
    this.#opened.push(log);
    return log;
  }

  async dispose(): Promise<void> {
    for (const log of this.#opened) await log.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
