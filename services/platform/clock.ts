/** The clock. Nothing else in the house asks for the time or lets it pass; whoever needs it takes a {@link Clock}. */
import { setImmediate as immediate, setTimeout as timeout } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970, UTC; may jump. For what is written down. */
  nowMs(): number;
  /** Milliseconds since some moment; never goes back. For how long something takes. */
  monotonicMs(): number;
  /** Lets `ms` milliseconds pass, or less when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets whatever else waits in this process have its turn. */
  turn(): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => timeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  turn: async () => immediate(),
};
