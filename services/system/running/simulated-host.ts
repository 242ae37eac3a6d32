/** The simulator as the host of a running system: its records go into the log as those of a real host do. */
import { routeRecords } from '../../domain/partitioning/route-record.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Part } from '../../platform/lifecycle.ts';
import { type EventLog, LogError } from '../../platform/log/event-log.ts';
import type { Logger } from '../../platform/logger.ts';
import { runLiveSource } from '../../simulator/live-source.ts';

export interface SimulatedHostOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Records a second. */
  readonly rate: number;
  readonly seed: number;
  /** Waits while the scorer is too far behind: made-up traffic never drives a system into the ground. */
  readonly admit: () => Promise<void>;
}

/** A day of the story: night falls while one watches, and what goes wrong in a fortnight goes wrong in an afternoon. */
const STORY_DAY_MS = 20 * 60_000;

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

export function simulatedHost({ log, clock, logger, rate, seed, admit }: SimulatedHostOptions): Part {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  let running: Promise<unknown> | null = null;
  const append = async (lines: readonly Uint8Array[]): Promise<void> => {
    await Promise.race([admit(), stopped]);
    for (let pauseMs = RETRY_FIRST_MS; !stop.signal.aborted; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      try {
        await log.commit({ appends: routed(lines, log.partitions) });
        return;
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        // As any host does: a disk that is full may have room later.
        logger.warn({ retryInMs: pauseMs, reason: error.message }, 'the simulated host cannot send, trying again');
        await clock.sleep(pauseMs, stop.signal);
      }
    }
  };
  return {
    name: 'simulated host',
    start: () => {
      running = runLiveSource({ sink: { append }, clock, rate, seed, dayMs: STORY_DAY_MS, signal: stop.signal });
      // Whoever waits for ended() sees it.
      running.catch(() => {});
    },
    stop: async () => {
      stop.abort();
      await running?.catch(() => {});
    },
    ended: async () => {
      await running;
    },
  };
}

function routed(
  lines: readonly Uint8Array[],
  partitions: number,
): { stream: 'access'; partition: number; values: readonly Buffer[] }[] {
  const values = lines.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  return [...routeRecords(values, partitions).places].map(([partition, own]) => ({
    stream: 'access' as const,
    partition,
    values: own,
  }));
}
