/** What every command is given: where to print, the time, and how to open the store that its flags name. */
import type { Store } from '../system/store.ts';
import type { StoreFlags } from './options.ts';
import type { Output } from './output/output.ts';

export interface CliContext {
  readonly out: Output;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Who sits at the keyboard, for what records who did it. */
  readonly userName: string;
  /** Opens the store, calls `use`, closes it whatever happens. */
  withStore<T>(flags: StoreFlags, use: (store: Store) => Promise<T>): Promise<T>;
  /** The command ends with exit code 1 without a further word. */
  fail(): void;
}
