/**
 * Opens what a command reads: the log of a data folder and the warehouse, wherever it is. The embedded ClickHouse allows one
 * process a folder, so when a running system holds it, questions go through that system without anybody having to say so.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type DataFolder, openFolder, type StoredUserKind } from '../../platform/folder/data-folder.ts';
import { FolderError } from '../../platform/folder/folder-error.ts';
import type { Clock } from '../../platform/clock.ts';
import { type HeldLock, tryLock } from '../../platform/folder/lock.ts';
import { readSystemFile } from '../../platform/folder/system.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { openChdbWarehouse } from '../../platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../platform/warehouse/migrations.ts';
import { openProxiedWarehouse } from '../../platform/warehouse/proxied/open-proxied-warehouse.ts';
import { openServerWarehouse } from '../../platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { heldError, WAREHOUSE_LOCK } from './folder-locks.ts';
import { isOnKafka, type LogConfig, openLog } from './open-log.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { type AuthorityConfig, authorityOf } from './authority.ts';
import { chooseLog } from '../questions/report.ts';
import { hashedUsers, plainUsers } from './stored-user.ts';
import { UserError } from '../user-error.ts';

export interface Store {
  /** Null when only a ClickHouse server is at hand, or a folder that has lost its log. */
  readonly log: EventLog | null;
  readonly logId: string;
  readonly warehouse: Warehouse;
  /** Others may be storing what comes into the log: the system that runs on the folder, or writers to a server. */
  readonly isFed: boolean;
  /** What column `user` holds for a user id; needs the folder's key. */
  storedUser(): Promise<(user: string) => string>;
  /** Whose facts of authority count when the log is folded again. */
  authority(): Authority;
  close(): Promise<void>;
}

export interface StoreRequest extends LogConfig, AuthorityConfig {
  /** Data folder; may be missing when a server is named. */
  readonly data: string;
  /** Null: the folder's embedded ClickHouse. */
  readonly clickhouseUrl: string | null;
  readonly clickhouseUser: string | null;
  readonly clickhousePassword: string | null;
  readonly userKeyFile: string | null;
  readonly logId: string | undefined;
  readonly storeUser: 'hashed' | 'plain';
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Told that the folder has lost its log, in words, and goes on without it. @default that is an error */
  readonly onLogMissing?: (message: string) => void;
}

export async function openStore(request: StoreRequest): Promise<Store> {
  const { data, clickhouseUrl } = request;
  if (clickhouseUrl === null) {
    const folder = openedFolder(data, request);
    if (folder.hasLostLog) return storeWithoutLog(request, folder);
    const log = await openExistingLog(request, folder);
    try {
      if (!isAsked(log, request)) throw new UserError(`the log at hand is ${log.logId}, not ${request.logId}: leave --log out`);
      const { warehouse, lock } = await openFolderWarehouse(folder);
      return store(request, folder, log, warehouse, lock);
    } catch (error) {
      await log.close();
      throw error;
    }
  }
  const warehouse = openServer(clickhouseUrl, request);
  const folder = folderIfThere(data, request);
  const atHand = folder === null && !isOnKafka(request) ? null : await openExistingLog(request, folder);
  // Positions and reviews of one log say nothing about the results of another.
  const log = atHand !== null && isAsked(atHand, request) ? atHand : null;
  try {
    if (log === null) await atHand?.close();
    const logId = log?.logId ?? (await chooseLog(warehouse, request.logId));
    return store({ ...request, logId }, folder, log, warehouse, null);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}

type OpenedFolder = DataFolder & { readonly hasLostLog: boolean };

function openedFolder(data: string, request: StoreRequest): OpenedFolder {
  try {
    return { ...openFolder(data, { create: false, holdsLog: !isOnKafka(request) }), hasLostLog: false };
  } catch (error) {
    if (request.onLogMissing === undefined || !(error instanceof FolderError) || error.code !== 'log_missing') throw error;
    request.onLogMissing(error.message);
    return { ...openFolder(data, { create: false, holdsLog: false }), hasLostLog: true };
  }
}

async function storeWithoutLog(request: StoreRequest, folder: DataFolder): Promise<Store> {
  const { warehouse, lock } = await openFolderWarehouse(folder);
  try {
    return store({ ...request, logId: await chooseLog(warehouse, request.logId) }, folder, null, warehouse, lock);
  } catch (error) {
    await warehouse.close();
    lock?.release();
    throw error;
  }
}

function isAsked({ logId }: EventLog, { logId: asked }: StoreRequest): boolean {
  return asked === undefined || asked.toLowerCase() === logId;
}

/** A log that is there, to ask or to append to; any number of processes may have it open. */
export async function openExistingLog(
  config: LogConfig & Pick<StoreRequest, 'clock'>,
  folder: DataFolder | null,
): Promise<EventLog> {
  return openLog({ config, folder, create: false, clock: config.clock, clientId: 'ntk' });
}

function folderIfThere(data: string, config: LogConfig): DataFolder | null {
  try {
    return openFolder(data, { create: false, holdsLog: !isOnKafka(config) });
  } catch {
    return null;
  }
}

function store(
  request: StoreRequest,
  folder: DataFolder | null,
  log: EventLog | null,
  warehouse: Warehouse,
  lock: HeldLock | null,
): Store {
  return {
    log,
    logId: log?.logId ?? request.logId!,
    warehouse,
    isFed: lock === null,
    storedUser: once(async () => (storedIn(folder, request) === 'plain' ? plainUsers : usersOf(folder, request.userKeyFile))),
    authority: once(() => authorityOf(request)),
    close: async () => {
      await warehouse.close();
      lock?.release();
      await log?.close();
    },
  };
}

/** A key file may be a pipe, which is empty for whoever reads it again; and commands ask for each partition. */
function once<T extends object>(read: () => T): () => T {
  let known: T | null = null;
  return () => (known ??= read());
}

/** What the folder remembers goes before the configuration, which may be that of another shell; on Kafka the rows are in no folder. */
function storedIn(folder: DataFolder | null, request: StoreRequest): StoredUserKind {
  const remembered = isOnKafka(request) ? null : folder?.storedUser();
  return remembered ?? request.storeUser;
}

function usersOf(folder: DataFolder | null, userKeyFile: string | null): (user: string) => string {
  if (folder === null && userKeyFile === null) {
    throw new UserError(
      'the key of the user hashes is needed: give the data folder with --data DIR, or the key with NTK_USER_KEY_FILE',
    );
  }
  return hashedUsers(userKeyOf(folder, userKeyFile));
}

const USER_KEY_BYTES_MIN = 16;

/** The key that the configuration names, else the folder's own. */
export function userKeyOf(folder: DataFolder | null, userKeyFile: string | null): Uint8Array {
  if (userKeyFile === null) return folder!.userKey();
  try {
    const key = readFileSync(userKeyFile);
    if (key.length >= USER_KEY_BYTES_MIN) return key;
  } catch (error) {
    throw new UserError(`the user key ${userKeyFile} cannot be read (${systemCodeInWords(error)}); see NTK_USER_KEY_FILE`);
  }
  throw new UserError(
    `the user key ${userKeyFile} has less than ${USER_KEY_BYTES_MIN} bytes; make one with: head -c 32 /dev/urandom > ${userKeyFile}`,
  );
}

export function openServer(
  url: string,
  { clickhouseUser, clickhousePassword }: Pick<StoreRequest, 'clickhouseUser' | 'clickhousePassword'>,
): Warehouse {
  return openServerWarehouse({
    url,
    ...(clickhouseUser === null ? {} : { username: clickhouseUser }),
    ...(clickhousePassword === null ? {} : { password: clickhousePassword }),
  });
}

/** Another command may hold the folder for a moment. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 100;

/** The folder's ClickHouse: opened here when nobody has it, else through the running system that does. */
async function openFolderWarehouse(folder: DataFolder): Promise<{ warehouse: Warehouse; lock: HeldLock | null }> {
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    const lock = tryLock(folder.lockFile(WAREHOUSE_LOCK));
    if ('release' in lock) {
      try {
        const warehouse = openChdbWarehouse({ path: folder.clickhouseFolder, spoolDir: folder.spoolFolder });
        await migrate(warehouse);
        return { warehouse, lock };
      } catch (error) {
        lock.release();
        throw error;
      }
    }
    const running = readSystemFile(folder.systemFile);
    if (running !== null && running.pid === lock.heldBy?.pid) {
      return { warehouse: openProxiedWarehouse({ url: running.url, token: running.token }), lock: null };
    }
    if (waitedMs >= LOCK_WAIT_MS) throw heldError(folder, lock.heldBy);
    await pause(LOCK_POLL_MS);
  }
}
