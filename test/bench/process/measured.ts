/** The side of a measured process: it waits until it may begin, and says what it took of time, processor and memory. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A line of its output. */
export const READY = 'ready';

/** Says that everything is there, and waits for the word to begin. */
export async function begin(): Promise<void> {
  process.stdout.write(`${READY}\n`);
  // Whoever started it holds the other end for as long as he lives.
  process.stdin.on('end', () => process.exit(1));
  await once(process.stdin, 'data');
  (process.stdin as Socket).unref();
}

export interface Taken {
  readonly seconds: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  /** Largest resident set since the process began. */
  readonly peakMb: number;
  /** Milliseconds since 1970, by the monotonic clock, so that processes of one machine can be compared. */
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Watches from now on. */
export class Watch {
  readonly #beganMs = performance.now();
  readonly #before = process.cpuUsage();

  /** From the beginning to now. */
  taken(): Taken {
    const endedMs = performance.now();
    const { user, system } = process.cpuUsage(this.#before);
    return {
      seconds: (endedMs - this.#beganMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1024,
      beganMs: performance.timeOrigin + this.#beganMs,
      endedMs: performance.timeOrigin + endedMs,
    };
  }
}

export function report(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
