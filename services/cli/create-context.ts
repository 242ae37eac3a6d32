/** Wires what the commands are given. */
import type { Clock } from '../platform/clock.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import { openSystem, type Role, type System } from '../system/open-system.ts';
import { openStore, type Store } from '../system/store.ts';
import { DEFAULT_TUNING } from '../system/tuning.ts';
import type { Environment } from '../platform/config/environment.ts';
import type { CliContext, Observers } from './context.ts';
import type { StoreFlags } from './options.ts';
import type { Output } from './output/output.ts';
import { brief } from './output/terminal.ts';

export interface ContextParts {
  readonly out: Output;
  readonly clock: Clock;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly userName: string;
}

export function createContext({ out, clock, env, signal, userName }: ContextParts): CliContext & { readonly failed: boolean; readonly debug: boolean } {
  let failed = false;
  return {
    out,
    clock,
    signal,
    userName,
    token: env.token,
    debug: env.debug,
    get failed() {
      return failed;
    },
    fail() {
      failed = true;
    },
    async withStore<T>(flags: StoreFlags, use: (store: Store) => Promise<T>): Promise<T> {
      const store = await openStore({
        data: flags.data ?? env.data, clickhouseUrl: flags.clickhouse ?? env.clickhouseUrl ?? null, logId: flags.log, storeUser: env.storeUser, clock,
      });
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    },
    async openSystem(flags: { readonly data: string; readonly clickhouse?: string }, roles: readonly Role[], observers: Observers = quiet(out)): Promise<System> {
      return openSystem({
        data: flags.data, clickhouseUrl: flags.clickhouse ?? env.clickhouseUrl ?? null, partitions: env.partitions, storeUser: env.storeUser,
        roles, tuning: { ...DEFAULT_TUNING, ...env.tuning }, clock, scorerObserver: observers.scorer, writerObserver: observers.writer,
      });
    },
  };
}

/** Says only what a person should know while a batch runs. */
function quiet(out: Output): Observers {
  const failed = (what: string, error: Error, retryInMs: number): void => out.note(`${what}: ${brief(error.message, 300)}; trying again in ${retryInMs} ms`);
  return {
    scorer: {
      scored: (_: number, __: BatchOutcome) => {},
      taken: () => {},
      lost: (partition) => out.note(`partition ${partition} was taken by another scorer`),
      failed: (partition, error, retryInMs) => failed(`scorer, partition ${partition}`, error, retryInMs),
    },
    writer: {
      written: () => {},
      lost: (partition) => out.note(`partition ${partition} was taken by another writer`),
      failed: (partition, error, _, retryInMs) => failed(`writer, partition ${partition}`, error, retryInMs),
    },
  };
}
