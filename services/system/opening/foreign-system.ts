/**
 * A data folder that a running system holds, for a batch: records go into its log, which any process may append to, and are
 * judged and stored by that system; questions go through it.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataFolder } from '../../platform/folder/data-folder.ts';
import { openFolder } from '../../platform/folder/data-folder.ts';
import { readSystemFile } from '../../platform/folder/system.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { storedUpTo } from '../../platform/log/writer-note.ts';
import { openProxiedWarehouse } from '../../platform/warehouse/proxied/open-proxied-warehouse.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { openSqliteLog } from '../../platform/log/sqlite/open-sqlite-log.ts';
import { holderOf, SCORER_LOCK, WAREHOUSE_LOCK } from './folder-locks.ts';

const POLL_MS = 20;

/** What a batch needs of a system, its own or somebody else's. */
export interface BatchSystem {
  readonly folder: DataFolder;
  readonly spoolFolder: string;
  readonly log: EventLog;
  readonly warehouse: Warehouse | null;
  start(): Promise<void>;
  racing<T>(work: Promise<T>): Promise<T>;
  admit(recordsMax: number): Promise<void>;
  finished(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Null when no running system holds the folder, also where there is none: it is not made here. */
export async function openForeignSystem(data: string, clock: { nowMs(): number }): Promise<BatchSystem | null> {
  if (!existsSync(data)) return null;
  const folder = openFolder(data, { create: false, holdsLog: false });
  // Somebody scores it, and whoever holds the embedded ClickHouse says where it listens.
  if (holderOf(folder, SCORER_LOCK) === null) return null;
  const running = readSystemFile(folder.systemFile);
  if (running === null || running.pid !== holderOf(folder, WAREHOUSE_LOCK)?.pid) return null;
  return new ForeignSystem(
    folder,
    await openSqliteLog({ path: folder.logFile, create: false, clock }),
    openProxiedWarehouse({ url: running.url, token: running.token }),
  );
}

class ForeignSystem implements BatchSystem {
  readonly folder: DataFolder;
  readonly spoolFolder: string;
  readonly log: EventLog;
  readonly warehouse: Warehouse;

  constructor(folder: DataFolder, log: EventLog, warehouse: Warehouse) {
    this.folder = folder;
    this.spoolFolder = folder.spoolFolder;
    this.log = log;
    this.warehouse = warehouse;
  }

  async start(): Promise<void> {}

  async racing<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  async admit(recordsMax: number): Promise<void> {
    while ((await this.#behind('scorer')) > recordsMax) await pause(POLL_MS);
  }

  /** The system is asked each round: when it stops, so does the waiting, with its error. */
  async finished(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#behind('writer')) > 0) {
      await this.warehouse.query('SELECT 1');
      await pause(POLL_MS);
    }
  }

  /** Records of the log that are not judged (scorer) or not stored (writer) yet. */
  async #behind(consumer: 'scorer' | 'writer'): Promise<number> {
    let records = 0;
    for (let partition = 0; partition < this.log.partitions; partition++) {
      const next =
        consumer === 'writer'
          ? await storedUpTo(this.log, partition)
          : ((await this.log.position(consumer, partition))?.offset ?? 0);
      records += (await this.log.bounds('access', partition)).end - next;
    }
    return records;
  }

  async stop(): Promise<void> {}

  async close(): Promise<void> {
    await this.warehouse.close();
    await this.log.close();
  }
}
