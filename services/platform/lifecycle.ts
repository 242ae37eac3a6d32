/**
 * Starts the parts of a process in order and stops them in reverse, on the first SIGINT or SIGTERM within a time limit, on the
 * second at once. The exit code tells: 0 stopped as asked, 1 a part failed, 124 stopping took too long, 128 + signal at the second.
 */
import { constants } from 'node:os';
import type { Logger } from './logger.ts';

/** One part of a process: a server, a loop, a connection. */
export interface Part {
  readonly name: string;
  start(): Promise<void> | void;
  /** Called at most once, and only after `start` was called. */
  stop(): Promise<void> | void;
  /** Rejects when the part ends by itself with an error; never settles otherwise, or when it was stopped. */
  ended?(): Promise<void>;
}

export interface LifecycleOptions {
  readonly logger: Logger;
  /** Longest that stopping everything may take. Default 25 s: container hosts send SIGKILL after 30. */
  readonly stopTimeoutMs?: number;
}

export const EXIT_CODES = { stopped: 0, failed: 1, stopTimedOut: 124 } as const;
const STOP_TIMEOUT_MS = 25_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export class Lifecycle {
  readonly #logger: Logger;
  readonly #stopTimeoutMs: number;
  readonly #parts: Part[] = [];
  readonly #started: Part[] = [];
  readonly #failure = Promise.withResolvers<never>();
  #stopping: Promise<void> | null = null;

  constructor({ logger, stopTimeoutMs = STOP_TIMEOUT_MS }: LifecycleOptions) {
    this.#logger = logger;
    this.#stopTimeoutMs = stopTimeoutMs;
    // Seen by run() and by whoever awaits failed().
    this.#failure.promise.catch(() => {});
  }

  add(part: Part): this {
    this.#parts.push(part);
    return this;
  }

  /** In the order of {@link add}. When one cannot start, those before it are stopped and its error is thrown. */
  async start(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== null) return;
      try {
        // Noted first: a part that failed halfway is stopped too.
        this.#started.push(part);
        await part.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
      part.ended?.().catch((error: unknown) => this.fail(part.name, error));
    }
  }

  /** Says that a part ended by itself with an error: {@link run} then stops everything and exits with 1. */
  fail(name: string, error: unknown): void {
    this.#logger.fatal({ part: name, err: error }, 'a part of the process failed');
    this.#failure.reject(error);
  }

  /** Rejects when a part has failed. */
  failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** In reverse. A part that cannot stop is logged and the others are stopped all the same. Twice is fine. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    let problem: unknown = null;
    for (const part of this.#started.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        problem ??= error;
        this.#logger.error({ part: part.name, err: error }, 'a part did not stop as it should');
      }
    }
    if (problem !== null) throw problem;
  }

  /** Starts, waits for a signal, a failure or `until`, and stops. Answers the exit code; the second signal ends the process itself. */
  async run(until: Promise<void> = new Promise(() => {})): Promise<number> {
    const signalled = this.#onSignals();
    let code: number = EXIT_CODES.stopped;
    try {
      await this.start();
      await Promise.race([signalled, until, this.failed()]);
    } catch (error) {
      code = EXIT_CODES.failed;
      this.#logger.fatal({ err: error }, 'stopping after a failure');
    }
    return this.#stopInTime(code);
  }

  async #stopInTime(code: number): Promise<number> {
    const timer = Promise.withResolvers<'late'>();
    const timeout = setTimeout(() => timer.resolve('late'), this.#stopTimeoutMs);
    try {
      const ended = await Promise.race([this.stop().then(() => 'stopped' as const), timer.promise]);
      if (ended === 'stopped') return code;
      this.#logger.fatal({ stopTimeoutMs: this.#stopTimeoutMs }, 'stopping took too long; what is unfinished is repeated at the next start');
      return EXIT_CODES.stopTimedOut;
    } catch {
      return EXIT_CODES.failed;
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Resolves at the first signal. */
  #onSignals(): Promise<void> {
    const first = Promise.withResolvers<void>();
    let count = 0;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        count++;
        if (count > 1) process.exit(128 + constants.signals[signal]);
        this.#logger.info({ signal }, 'stopping; once more to stop at once');
        first.resolve();
      });
    }
    return first.promise;
  }
}
