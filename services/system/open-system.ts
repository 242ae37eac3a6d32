/** Opens a data folder for work: its locks, log and warehouse, with the scorer, the writer, or both in this process. */
import { mkdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type DataFolder, openFolder } from '../platform/folder/data-folder.ts';
import { type HeldLock, tryLock } from '../platform/folder/lock.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { openSqliteLog } from '../platform/log/sqlite/open-sqlite-log.ts';
import { openChdbWarehouse } from '../platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../platform/warehouse/migrations.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import type { ScorerObserver } from '../scorer/scorer.ts';
import { Scorer } from '../scorer/scorer.ts';
import { Writer, type WriterObserver } from '../writer/writer.ts';
import { heldError, openServer, SCORER_LOCK, spoolFolderOf, userKeyOf, WAREHOUSE_LOCK } from './store.ts';
import { hashedUsers, plainUsers } from './stored-user.ts';
import type { Tuning } from './tuning.ts';

export type Role = 'scorer' | 'writer';

export interface SystemOptions {
  readonly data: string;
  readonly clickhouseUrl: string | null;
  readonly clickhouseUser: string | null;
  readonly clickhousePassword: string | null;
  /** Null: the key in the folder. */
  readonly userKeyFile: string | null;
  /** Of a log that is made now; an existing one is only checked. */
  readonly partitions: number | null;
  readonly storeUser: 'hashed' | 'plain';
  readonly roles: readonly Role[];
  readonly tuning: Tuning;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  readonly scorerObserver: ScorerObserver;
  readonly writerObserver: WriterObserver;
}

const POLL_MS = 5;
const LOCK_WAIT_MS = 15_000;
const LOCK_POLL_MS = 100;

export class System {
  readonly folder: DataFolder;
  readonly spoolFolder: string;
  readonly log: EventLog;
  /** Null for a scorer on its own. */
  readonly warehouse: Warehouse | null;
  readonly scorer: Scorer | null;
  readonly writer: Writer | null;
  readonly #locks: readonly HeldLock[];
  #started = false;

  constructor(
    folder: DataFolder,
    log: EventLog,
    warehouse: Warehouse | null,
    locks: readonly HeldLock[],
    options: SystemOptions,
  ) {
    const { roles, clock, tuning } = options;
    const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
    const storedUser = options.storeUser === 'plain' ? plainUsers : hashedUsers(userKeyOf(folder, options.userKeyFile));
    this.folder = folder;
    this.spoolFolder = spoolFolderOf(folder);
    this.log = log;
    this.warehouse = warehouse;
    this.#locks = locks;
    this.scorer = roles.includes('scorer')
      ? new Scorer({ log, partitions, storedUser, clock, ...tuning, observer: options.scorerObserver })
      : null;
    this.writer =
      warehouse === null
        ? null
        : new Writer({
            log,
            warehouse,
            partitions,
            clock,
            groupWaitMs: tuning.groupWaitMs,
            observer: options.writerObserver,
            // A server may be away when this starts: blocks wait in the log, and judging does not depend on it.
            prepare: async () => void (await migrate(warehouse)),
            limits: { rowsMax: tuning.groupRowsMax, bytesMax: tuning.groupBytesMax },
          });
  }

  /** The writer first: what an earlier process left unwritten is repeated before anything new. */
  async start(): Promise<void> {
    this.#started = true;
    await this.writer?.start();
    await this.scorer?.start();
  }

  /** Rejects as soon as scorer or writer end with an error. */
  async ended(): Promise<void> {
    await Promise.all([this.scorer?.ended(), this.writer?.ended()]);
  }

  /** `work`, unless scorer or writer fail before it is done. */
  async racing<T>(work: Promise<T>): Promise<T> {
    const failed = this.ended().then(() => new Promise<never>(() => {}));
    return Promise.race([work, failed]);
  }

  /** Waits while more than `recordsMax` records of the log are not judged yet. */
  async admit(recordsMax: number): Promise<void> {
    while ((await this.#backlog()) > recordsMax) await this.racing(pause(POLL_MS));
  }

  async #backlog(): Promise<number> {
    let records = 0;
    for (const [partition, scorer] of this.scorer?.owned() ?? []) {
      records += (await this.log.bounds('access', partition)).end - scorer.position;
    }
    return records;
  }

  /** Waits until everything that is in the log now is judged and stored. */
  async drained(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if ((await this.scorer?.isDrained()) ?? true) {
        this.writer?.flush();
        if ((await this.writer?.isDrained()) ?? true) return;
      }
      await this.racing(pause(POLL_MS));
    }
  }

  /** A clean end of the work: checkpoints stand at the end of the last blocks. Twice is fine. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    try {
      await this.scorer?.stop();
    } finally {
      await this.writer?.stop();
    }
  }

  /** Stops and closes everything, whatever of it fails: a loop left running would keep the process. Twice is fine. */
  async close(): Promise<void> {
    try {
      await this.stop();
    } finally {
      await this.#letGo();
    }
  }

  async #letGo(): Promise<void> {
    try {
      await this.warehouse?.close();
    } finally {
      await this.log.close();
      for (const lock of this.#locks) lock.release();
    }
  }
}

/** @throws UserError when another process holds the folder */
export async function openSystem(options: SystemOptions): Promise<System> {
  const folder = openFolder(options.data, { create: true });
  const locks: HeldLock[] = [];
  let log: EventLog | null = null;
  try {
    if (options.roles.includes('scorer')) locks.push(await take(folder, SCORER_LOCK));
    const needsWarehouse = options.roles.includes('writer');
    if (needsWarehouse) locks.push(await take(folder, WAREHOUSE_LOCK));
    mkdirSync(spoolFolderOf(folder), { recursive: true, mode: 0o700 });
    const { partitions, clock } = options;
    log = await openSqliteLog({ path: folder.logFile, create: true, clock, ...(partitions === null ? {} : { partitions }) });
    const warehouse = needsWarehouse ? openWarehouse(folder, options) : null;
    if (warehouse !== null && options.clickhouseUrl === null) await migrate(warehouse);
    return new System(folder, log, warehouse, locks, options);
  } catch (error) {
    await log?.close();
    for (const lock of locks) lock.release();
    throw error;
  }
}

function openWarehouse(folder: DataFolder, options: SystemOptions): Warehouse {
  if (options.clickhouseUrl !== null) return openServer(options.clickhouseUrl, options);
  return openChdbWarehouse({ path: folder.clickhouseFolder, spoolDir: spoolFolderOf(folder) });
}

/** A command that only asks something holds the folder for a moment: that is waited for. */
async function take(folder: DataFolder, name: string): Promise<HeldLock> {
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    const lock = tryLock(folder.lockFile(name));
    if ('release' in lock) return lock;
    if (waitedMs >= LOCK_WAIT_MS || (lock.heldBy !== null && /\b(?:up|run|scorer|writer)$/.test(lock.heldBy.command)))
      throw heldError(folder, lock.heldBy);
    await pause(LOCK_POLL_MS);
  }
}
