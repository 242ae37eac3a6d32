/** The clock. Nothing else in the house asks for the time or lets it pass; whoever needs it takes a {@link Clock}. */
import { setTimeout as timeout } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970, UTC; may jump. For what is written down. */
  nowMs(): number;
  /** Milliseconds since some moment; never goes back. For how long something takes. */
  monotonicMs(): number;
  /** Lets `ms` milliseconds pass, or less when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets whatever else waits in this process have its turn, and those who asked for one before. */
  turn(): Promise<void>;
}

const waiting: (() => void)[] = [];

/**
 * One of those who wait goes on for each time that the event loop has looked at its sockets and timers: all at once, as immediates do, the slices
 * of several partitions would be one pause.
 */
function next(): void {
  const goOn = waiting.shift();
  if (waiting.length > 0) setImmediate(next);
  goOn?.();
}

function turn(): Promise<void> {
  return new Promise((goOn) => {
    if (waiting.push(goOn) === 1) setImmediate(next);
  });
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => timeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  turn,
};
