/** Opens a data folder for work: its locks, log and warehouse, with the scorer, the writer, or both in this process. */
import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { PartitionGroup } from '../../platform/log/kafka/partition-group.ts';
import type { Clock } from '../../platform/clock.ts';
import { type DataFolder, openFolder } from '../../platform/folder/data-folder.ts';
import { type HeldLock, tryLock } from '../../platform/folder/lock.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { SyncMode } from '../../platform/log/sqlite/format.ts';
import { openChdbWarehouse } from '../../platform/warehouse/chdb/open-chdb-warehouse.ts';
import { checkTables } from '../../platform/warehouse/check-tables.ts';
import { migrate } from '../../platform/warehouse/migrations.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import type { ScorerObserver } from '../../scorer/scorer.ts';
import { Scorer } from '../../scorer/scorer.ts';
import { Writer, type WriterObserver } from '../../writer/writer.ts';
import { heldError, SCORER_LOCK, WAREHOUSE_LOCK } from './folder-locks.ts';
import type { ScoringKeys } from './process-keys.ts';
import { openServer } from './store.ts';
import { bindStoredUser } from './bound-user.ts';
import { partitionsAtStart } from './assigned-partitions.ts';
import type { openScorerGroup } from './scorer-group.ts';
import { isOnKafka, type LogConfig, openLog } from './open-log.ts';
import { hashedUsers } from './stored-user.ts';
import type { Tuning } from './tuning.ts';

/** `gateway`: the doors for hosts, `aggregator`: knowledge across programs; here it only matters that a process may have no other role. */
export type Role = 'scorer' | 'writer' | 'gateway' | 'aggregator';

export interface SystemOptions extends LogConfig {
  readonly data: string;
  /** Which partitions the scorer and the writer have: 'all', 'group' or an ordinal. */
  readonly assignment: string;
  readonly clickhouseUrl: string | null;
  readonly clickhouseUser: string | null;
  readonly clickhousePassword: string | null;
  /** Of whoever judges; null without the role `scorer`. */
  readonly keys: ScoringKeys | null;
  readonly storeUser: 'hashed' | 'plain';
  readonly roles: readonly Role[];
  /** See `openLog`. */
  readonly syncMode?: SyncMode;
  readonly tuning: Tuning;
  readonly clock: Clock;
  readonly scorerObserver: ScorerObserver;
  /** The group that shares partitions lost this process, which joins it again. @default nobody is told */
  readonly onGroupFailed?: (error: Error, retryInMs: number) => void;
  readonly writerObserver: WriterObserver;
}

const POLL_MS = 5;
/** A scorer that gives a partition up makes a checkpoint of it, which takes as long as its state is large. */
const HAND_OVER_MS = 5_000;
const LOCK_WAIT_MS = 15_000;
const LOCK_POLL_MS = 100;

interface SystemParts {
  readonly folder: DataFolder;
  readonly log: EventLog;
  readonly warehouse: Warehouse | null;
  readonly locks: readonly HeldLock[];
  /** Null unless scorers share the partitions. */
  readonly openGroup: typeof openScorerGroup | null;
}

export class System {
  readonly folder: DataFolder;
  readonly spoolFolder: string;
  readonly log: EventLog;
  /** Null for a scorer on its own. */
  readonly warehouse: Warehouse | null;
  readonly scorer: Scorer | null;
  readonly writer: Writer | null;
  readonly #locks: readonly HeldLock[];
  /** Null unless scorers share the partitions among each other. */
  readonly #group: PartitionGroup | null;
  /** By its signal the log knows what this caller has heard of. */
  readonly #admitting = new AbortController();
  #started = false;

  constructor({ folder, log, warehouse, locks, openGroup }: SystemParts, options: SystemOptions) {
    const { clock, tuning, keys } = options;
    const partitions = partitionsAtStart(options.assignment, log.partitions);
    const isShared = options.assignment === 'group';
    // Of several on one log the others go on; whoever has a folder to himself looks at the one line that says what is wrong.
    const alone = { onRefused: 'stop', onFenced: 'leave' } as const;
    const whenStopped = isOnKafka(options) ? ({ onRefused: 'park', onFenced: 'take again' } as const) : alone;
    this.folder = folder;
    this.spoolFolder = folder.spoolFolder;
    this.log = log;
    this.warehouse = warehouse;
    this.#locks = locks;
    this.scorer =
      keys !== null
        ? new Scorer({
            log,
            partitions,
            authority: keys.authority,
            clock,
            ...tuning,
            storedUser: keys.storedUser ?? hashedUsers(folder.userKey()),
            observer: options.scorerObserver,
            ...whenStopped,
            handOverMs: isShared ? HAND_OVER_MS : 0,
          })
        : null;
    const { scorer } = this;
    const onFailed = options.onGroupFailed ?? (() => {});
    this.#group =
      openGroup !== null && scorer !== null
        ? openGroup(options, log, { clock, onAssigned: (share) => scorer.assign(share), onFailed })
        : null;
    this.writer =
      warehouse === null
        ? null
        : new Writer({
            log,
            warehouse,
            partitions: isShared ? partitionsAtStart('all', log.partitions) : partitions,
            clock,
            groupWaitMs: tuning.groupWaitMs,
            countsBlocks: tuning.countsBlocks,
            observer: options.writerObserver,
            // A server may be away when this starts: blocks wait in the log, and judging does not depend on it.
            prepare: async () => {
              await migrate(warehouse);
              await checkTables(warehouse);
            },
            limits: { rowsMax: tuning.groupRowsMax, bytesMax: tuning.groupBytesMax },
            ...whenStopped,
          });
  }

  /** Why the group that shares the partitions does not have this process; null where it has, or there is none. */
  get groupTrouble(): string | null {
    return this.#group?.trouble ?? null;
  }

  /** The writer first: what an earlier process left unwritten is repeated before anything new. */
  async start(): Promise<void> {
    this.#started = true;
    await this.writer?.start();
    await this.scorer?.start();
    this.#group?.start();
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
    while ((await this.#backlog()) > recordsMax) await this.racing(this.#somethingJudged());
  }

  /** Or nothing for some milliseconds. */
  async #somethingJudged(): Promise<void> {
    await this.log.waitForAppend('results', POLL_MS, this.#admitting.signal);
    // The scorer hears that its commit is done in the same turn, and has its new position in the next.
    await nextTurn();
  }

  async #backlog(): Promise<number> {
    let records = 0;
    for (const [partition, scorer] of this.scorer?.owned() ?? []) {
      records += (await this.log.bounds('access', partition)).end - scorer.position;
    }
    return records;
  }

  /**
   * Waits until everything that is in the log now is judged and stored. When it is judged the scorer is stopped: its checkpoints are made while
   * ClickHouse stores the rest.
   */
  async finished(signal: AbortSignal): Promise<void> {
    await this.#until(async () => (await this.scorer?.isDrained()) ?? true, signal);
    if (signal.aborted) return;
    this.writer?.flush();
    const stopping = this.scorer?.stop();
    await Promise.all([stopping, this.#until(async () => (await this.writer?.isDrained()) ?? true, signal)]);
  }

  async #until(isDone: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await isDone())) await this.racing(pause(POLL_MS));
  }

  /** A clean end of the work: checkpoints stand at the end of the last blocks. Twice is fine. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    try {
      await this.scorer?.stop();
    } finally {
      // Only now: whoever gets the partitions finds them brought to a clean end.
      await this.#group?.stop();
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
    // On Kafka the log itself fences.
    if (options.roles.includes('scorer') && !isOnKafka(options)) locks.push(await take(folder, SCORER_LOCK));
    const needsWarehouse = options.roles.includes('writer');
    if (needsWarehouse && !(isOnKafka(options) && options.clickhouseUrl !== null)) locks.push(await take(folder, WAREHOUSE_LOCK));
    mkdirSync(folder.spoolFolder, { recursive: true, mode: 0o700 });
    const { clock, syncMode = 'full' } = options;
    log = await openLog({ config: options, folder, create: true, syncMode, clock, clientId: clientIdOf(options.roles) });
    // On Kafka the rows are in no folder.
    const isBound = options.keys !== null && !isOnKafka(options);
    // Before the folder says that its rows have hashes: from then on its key is there, or lost.
    if (isBound && options.keys.storedUser === null) folder.userKey();
    const scorerObserver = isBound
      ? await bindStoredUser(folder, log, options.storeUser, options.scorerObserver)
      : options.scorerObserver;
    const warehouse = needsWarehouse ? openWarehouse(folder, options) : null;
    if (warehouse !== null && options.clickhouseUrl === null) await migrate(warehouse);
    const openGroup = options.assignment === 'group' ? (await import('./scorer-group.ts')).openScorerGroup : null;
    return new System({ folder, log, warehouse, locks, openGroup }, { ...options, scorerObserver });
  } catch (error) {
    await log?.close();
    for (const lock of locks) lock.release();
    throw error;
  }
}

function clientIdOf(roles: readonly Role[]): string {
  return `ntk-${roles.join('-')}`;
}

function openWarehouse(folder: DataFolder, options: SystemOptions): Warehouse {
  if (options.clickhouseUrl !== null) return openServer(options.clickhouseUrl, options);
  return openChdbWarehouse({ path: folder.clickhouseFolder, spoolDir: folder.spoolFolder });
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
