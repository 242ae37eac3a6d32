/**
 * The warehouse in this process: chdb through @clickhouse/client.
 *
 * - One data folder a process and one process a folder; the engine sees to the second, this module to the first.
 * - Rows go in by a file, because the client's connection turns bytes into UTF-8 on their way.
 * - Settings never go through the client: it would put them into the session for good, and their text unescaped into the SQL.
 *   They stand in statements of ours.
 * - Queries with parameters of the whole process follow one another (chdb binds them process-wide); inserts have none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createClient } from '@clickhouse/client';
import { isAlive } from '../../is-alive.ts';
import { OWN_CODES, toWarehouseError, warehouseError } from '../error-codes.ts';
import { Spool } from '../spool.ts';
import type { Warehouse } from '../warehouse.ts';
import { ChdbWarehouse, type Engine } from './chdb-warehouse.ts';
import { type ChdbSession, type SessionKind, SESSIONS, SessionPool } from './sessions.ts';

interface ChdbWarehouseOptions {
  /** The engine's folder; made when it is missing. */
  readonly path: string;
  /** Where rows lie while they are inserted; emptied when opened. */
  readonly spoolDir: string;
}

/** The data folder that is open in this process. */
let openFolder: string | null = null;

/**
 * The engine itself is loaded and opened at the first use, and database `ntk` made; tables are `migrate`'s. That first use
 * rejects with `FOLDER_IN_USE` when another process has the folder open.
 * @throws WarehouseError `FOLDER_IN_USE` when this process has a folder open already
 */
export function openChdbWarehouse({ path, spoolDir }: ChdbWarehouseOptions): Warehouse {
  const folder = resolve(path);
  const where = `chdb at ${path}`;
  if (openFolder !== null) {
    throw warehouseError(OWN_CODES.inUse, `${where}: this process has ${openFolder} open already; close that first`);
  }
  openFolder = folder;
  const closed = (): void => {
    openFolder = null;
  };
  return new ChdbWarehouse(where, () => openEngine(folder, spoolDir, where), closed);
}

async function openEngine(folder: string, spoolDir: string, where: string): Promise<Engine> {
  const pools: Partial<Record<SessionKind, SessionPool>> = {};
  try {
    const spool = await Spool.open(spoolDir, 'insert');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Loaded here: a hundred megabytes that a process without an engine of its own does not need.
    const { createChdbConnection } = await import('chdb/connection');
    const connect = (setUp: readonly string[]): Promise<ChdbSession> =>
      openSession(createChdbConnection({ path: folder }), setUp);
    const pool = (kind: SessionKind): SessionPool => {
      return (pools[kind] = new SessionPool(SESSIONS[kind], () => connect(SESSIONS[kind].setUp)));
    };
    const engine: Engine = { spool, writer: pool('writer'), reader: pool('reader'), guest: pool('guest') };
    await engine.writer.use(({ client }) => client.command({ query: 'CREATE DATABASE IF NOT EXISTS ntk' }));
    return engine;
  } catch (error) {
    await Promise.all(Object.values(pools).map((pool) => pool.close()));
    throw openingError(error, where, folder);
  }
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

async function openSession(connection: ChdbSession['connection'], setUp: readonly string[]): Promise<ChdbSession> {
  // Two copies of the same types: the connection's are those of @clickhouse/client-common.
  const client = createClient({ connection: connection as unknown as ClientConnection });
  try {
    for (const query of setUp) await client.command({ query });
  } catch (error) {
    await client.close();
    throw error;
  }
  return { client, connection };
}

/** Why a folder cannot be opened the engine says only on standard error; who has it stands in its file `status`. */
function openingError(error: unknown, where: string, folder: string): Error {
  if (!(error instanceof Error && error.message.includes('Failed to create connection'))) return toWarehouseError(error, where);
  const holder = holderOf(folder);
  return holder === null
    ? warehouseError(
        OWN_CODES.folder,
        `${where}: the engine cannot open this folder; look at its rights and at the lines above`,
        { cause: error },
      )
    : warehouseError(OWN_CODES.inUse, `${where}: process ${holder} has this folder open`, { cause: error });
}

function holderOf(folder: string): number | null {
  const file = join(folder, 'status');
  const [, pid] = existsSync(file) ? (/^PID: (\d+)$/m.exec(readFileSync(file, 'utf8')) ?? []) : [];
  return pid !== undefined && isAlive(Number(pid)) ? Number(pid) : null;
}
