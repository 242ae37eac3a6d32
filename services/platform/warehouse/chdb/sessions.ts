/**
 * Sessions of the engine in this process. Settings are a session's own and stay once set, so there is one kind of session for
 * each way of use; a session does one thing at a time. Sessions cost 0.6 ms to open and share one data folder.
 *
 * The engine's work runs on libuv's four threads, which files share: no more sessions than these.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { ChdbConnection } from 'chdb/connection';
import { warehouseError } from '../error-codes.ts';

export interface ChdbSession {
  readonly client: ClickHouseClient;
  readonly connection: ChdbConnection;
}

export const SESSION_KINDS = ['writer', 'reader', 'guest'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

interface SessionUse {
  readonly max: number;
  /** Longest wait for one that is free; null: as long as it takes. */
  readonly waitMs: number | null;
  /** Statements that a new session begins with. */
  readonly setUp: readonly string[];
}

/** A writer's expressions name the ends of all blocks of a group; 256 KiB, the engine's own limit, would be too little. */
const QUERY_BYTES_MAX = 4 * 1024 * 1024;
/** What a person's query may take, and how long it may wait behind others. */
const GUEST_WAIT_MS_MAX = 30_000;
const GUEST_SECONDS_MAX = 600;
const GUEST_MEMORY_BYTES_MAX = 4 * 1024 ** 3;

export const SESSIONS: Readonly<Record<SessionKind, SessionUse>> = {
  // Changes follow one another: one session.
  writer: { max: 1, waitMs: null, setUp: [`SET max_query_size = ${QUERY_BYTES_MAX}`] },
  reader: {
    max: 1,
    waitMs: null,
    setUp: [`SET max_query_size = ${QUERY_BYTES_MAX}, output_format_json_quote_64bit_integers = 1`],
  },
  // A result that is read slowly keeps its session, but no thread.
  guest: {
    max: 3,
    waitMs: GUEST_WAIT_MS_MAX,
    setUp: [
      'USE ntk',
      `SET max_execution_time = ${GUEST_SECONDS_MAX}, max_memory_usage = ${GUEST_MEMORY_BYTES_MAX}`,
      // Last: nothing can be set any more.
      'SET readonly = 1',
    ],
  },
};

export class SessionPool {
  readonly #open: () => Promise<ChdbSession>;
  readonly #use: SessionUse;
  readonly #idle: ChdbSession[] = [];
  readonly #waiting: ((session: ChdbSession) => void)[] = [];
  #count = 0;

  constructor(use: SessionUse, open: () => Promise<ChdbSession>) {
    this.#use = use;
    this.#open = open;
  }

  /**
   * Waits for a free session; give it back with {@link release}.
   * @throws WarehouseError `TOO_MANY_SIMULTANEOUS_QUERIES` when none becomes free in time
   */
  async acquire(): Promise<ChdbSession> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#count >= this.#use.max) return this.#wait();
    this.#count++;
    try {
      return await this.#open();
    } catch (error) {
      this.#count--;
      throw error;
    }
  }

  async #wait(): Promise<ChdbSession> {
    const { promise, resolve, reject } = Promise.withResolvers<ChdbSession>();
    const { waitMs, max } = this.#use;
    this.#waiting.push(resolve);
    if (waitMs === null) return promise;
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(
        warehouseError(
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `${max} results are being read already; none was done within ${waitMs} ms`,
        ),
      );
    }, waitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  release(session: ChdbSession): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(session);
    else next(session);
  }

  async use<T>(work: (session: ChdbSession) => Promise<T>): Promise<T> {
    const session = await this.acquire();
    try {
      return await work(session);
    } finally {
      this.release(session);
    }
  }

  /** Only when all sessions were given back. */
  async close(): Promise<void> {
    for (const session of this.#idle.splice(0)) await session.client.close();
  }
}
