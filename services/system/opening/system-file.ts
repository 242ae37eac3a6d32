/**
 * Whose `system.json` it is, and the token that stands in it. Commands find the running system by this file and put their questions to it, so in
 * a data folder it belongs to the process that holds the ClickHouse in there; a gateway beside that one accepts its token. On Kafka questions go
 * to the server of ClickHouse, and a gateway has the file for hosts, unless the folder is one that a writer answers for.
 */
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { FolderError } from '../../platform/folder/folder-error.ts';
import { makeToken, readSystemFile, removeSystemFile, writeSystemFile } from '../../platform/folder/system.ts';
import type { Part } from '../../platform/lifecycle.ts';
import { isHeld, WAREHOUSE_LOCK } from './folder-locks.ts';
import { isOnKafka, type LogConfig } from './open-log.ts';
import type { Role, System } from './open-system.ts';

/** Whether a process of these roles lets hosts in: in a data folder also the one that all talk to. */
export function hasDoors(config: LogConfig, roles: readonly Role[]): boolean {
  return roles.includes('gateway') || answersForFolder(config, roles);
}

/** A data folder has one process that answers questions about it. */
function answersForFolder(config: LogConfig, roles: readonly Role[]): boolean {
  return roles.includes('writer') && !isOnKafka(config);
}

interface SystemToken {
  /** Of this process alone. */
  readonly own: string;
  /** The one that hosts may send everything with: of a gateway beside another process of its data folder, what that one wrote last. */
  readonly accepted: () => string | null;
}

export function systemToken(config: LogConfig & { readonly data: string }, roles: readonly Role[]): SystemToken {
  const own = makeToken();
  const isBeside = !isOnKafka(config) && !answersForFolder(config, roles);
  return { own, accepted: isBeside ? () => tokenIn(config.data) : () => own };
}

/** A file that is not right is said by whoever is to use it; here it only opens no door. */
function tokenIn(data: string): string | null {
  try {
    return readSystemFile(join(data, 'system.json'))?.token ?? null;
  } catch (error) {
    if (error instanceof FolderError) return null;
    throw error;
  }
}

interface SystemFileParts {
  readonly config: LogConfig;
  readonly roles: readonly Role[];
  readonly system: System;
  readonly token: string;
  readonly clock: Clock;
  readonly url: string;
  /** Told when everything runs, and the file says so where it is ours. */
  readonly onReady: () => void;
}

export function systemFilePart({ config, roles, system, token, clock, url, onReady }: SystemFileParts): Part {
  const { systemFile } = system.folder;
  return {
    name: 'system file',
    start: () => {
      const isGateway = isOnKafka(config) && roles.includes('gateway') && !isHeld(system.folder, WAREHOUSE_LOCK);
      if (system.warehouse !== null || isGateway)
        writeSystemFile(systemFile, { url, token, pid: process.pid, startedAt: new Date(clock.nowMs()).toISOString() });
      onReady();
    },
    stop: () => removeSystemFile(systemFile, token),
  };
}
