/** What every command is given: where to print, the time, and how to open the store that its flags name. */
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config/load-config.ts';
import type { ScoringKeys } from '../system/opening/process-keys.ts';
import type { System } from '../system/opening/open-system.ts';
import type { Store } from '../system/opening/store.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { LogFlags, StoreFlags } from './options.ts';
import type { Output } from './output/output.ts';

export interface CliContext {
  readonly out: Output;
  readonly clock: Clock;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** NTK_TOKEN. */
  readonly token: string | undefined;
  /** As `--version` says it. */
  readonly version: string;
  /** Who sits at the keyboard, for what records who did it. */
  readonly userName: string;
  /** The configuration: environment over a file. All problems are printed; then it throws. */
  config(file?: string, overrides?: Readonly<Record<string, string>>): Config;
  /** Opens the log alone, calls `use`, closes it whatever happens. */
  withLog<T>(flags: LogFlags, use: (log: EventLog, config: Config) => Promise<T>): Promise<T>;
  /** Opens the store, calls `use`, closes it whatever happens. */
  withStore<T>(flags: StoreFlags, use: (store: Store) => Promise<T>): Promise<T>;
  /** The same for a command that works without the log too: where a data folder has lost it, that is noted and `store.log` is null. */
  withStoreEvenWithoutLog<T>(flags: StoreFlags, use: (store: Store) => Promise<T>): Promise<T>;
  /**
   * Opens a data folder for a batch: nobody is told anything before its end, and inputs are still there, so that it is enough that what is stored
   * follows from what the disk has of the log. The caller closes it.
   */
  openBatch(data: string, config: Config, keys: ScoringKeys): Promise<System>;
  /** The command ends with this exit code (default 1) without a further word. */
  fail(code?: number): void;
}
