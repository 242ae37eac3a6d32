/** What a power failure leaves of a SQLite log that waits for the disk with barriers only. */
import { copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { changed, committing } from './interruptions.ts';
import type { ScoredLog } from './scored-log.ts';

/** At its worst: nothing of the write-ahead log behind the last barrier has reached the disk. */
export class DiskOfBarriers {
  /** The log whose owners' barriers are noted. */
  readonly log: EventLog;
  readonly #scored: ScoredLog;
  #safeBytes: number;

  private constructor(scored: ScoredLog) {
    this.#scored = scored;
    this.#safeBytes = this.#walBytes();
    const claim = committing(scored.log, () => async (owner, transaction) => {
      const result = await owner.commit(transaction);
      if (transaction.isBarrier === true) this.#safeBytes = this.#walBytes();
      return result;
    });
    this.log = changed(scored.log, { claim });
  }

  /** The log is opened anew; the file has to be young, so that nothing has moved out of its write-ahead log. */
  static async of(scored: ScoredLog): Promise<DiskOfBarriers> {
    await scored.log.close();
    scored.log = await openSqliteLog({ path: scored.path, create: false, clock: scored.clock, syncMode: 'barriers' });
    return new DiskOfBarriers(scored);
  }

  /** From here on `scored` is on what is left. */
  async loseTheRest(): Promise<void> {
    const { path, folder, clock } = this.#scored;
    const left = join(folder, 'left');
    mkdirSync(left);
    // Copied while it is open: closing it would move all of it into the file.
    copyFileSync(path, join(left, 'log.db'));
    copyFileSync(`${path}-wal`, join(left, 'log.db-wal'));
    truncateSync(join(left, 'log.db-wal'), this.#safeBytes);
    await this.#scored.log.close();
    for (const name of ['log.db', 'log.db-wal']) copyFileSync(join(left, name), join(folder, name));
    this.#scored.log = await openSqliteLog({ path, create: false, clock });
  }

  #walBytes(): number {
    return statSync(`${this.#scored.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}
