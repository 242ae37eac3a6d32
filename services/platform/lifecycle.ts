/**
 * Starts the parts of a process in order and stops them in reverse, on the first SIGINT or SIGTERM within a time limit, on another at once.
 * The exit code tells: 0 stopped as asked, 1 a part failed, 124 stopping took too long, 128 + signal at another one.
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

interface LifecycleOptions {
  readonly logger: Logger;
  /** What a person can mend says so in its message, and where in the code it was found helps nobody. @default nothing */
  readonly isExpected?: (error: unknown) => error is Error;
  /** Aborted by a signal to stop that came before {@link Lifecycle.run} heard signals itself. @default never */
  readonly signal?: AbortSignal;
  /** Longest that stopping everything may take. Default 25 s: container hosts send SIGKILL after 30. */
  readonly stopTimeoutMs?: number;
  /**
   * Signals of so soon after the first are the same one. Default 2 s: whoever ends a group of processes (systemd, timeout) reaches this one
   * and the one that started it, which passes it on, npm's child a second later (bin/follow-npm.mjs).
   */
  readonly sameSignalMs?: number;
}

export const EXIT_CODES = { stopped: 0, failed: 1, stopTimedOut: 124 } as const;
const STOP_TIMEOUT_MS = 25_000;
const SAME_SIGNAL_MS = 2_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export class Lifecycle {
  readonly #logger: Logger;
  readonly #isExpected: (error: unknown) => error is Error;
  readonly #stopTimeoutMs: number;
  readonly #sameSignalMs: number;
  readonly #signal: AbortSignal | null;
  readonly #parts: Part[] = [];
  readonly #started: Part[] = [];
  readonly #failure = Promise.withResolvers<never>();
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor({ logger, isExpected, signal, stopTimeoutMs = STOP_TIMEOUT_MS, sameSignalMs = SAME_SIGNAL_MS }: LifecycleOptions) {
    this.#logger = logger;
    this.#isExpected = isExpected ?? ((_): _ is Error => false);
    this.#stopTimeoutMs = stopTimeoutMs;
    this.#sameSignalMs = sameSignalMs;
    this.#signal = signal ?? null;
    // Seen by run() and by whoever awaits failed().
    this.#failure.promise.catch(() => {});
  }

  add(part: Part): this {
    this.#parts.push(part);
    return this;
  }

  /** In the order of {@link add}. When one cannot start, those before it are stopped and its error is thrown. */
  async start(): Promise<void> {
    this.#starting = this.#startAll();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop().catch(() => {});
      throw error;
    }
  }

  async #startAll(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== null) return;
      // Noted first: a part that failed halfway is stopped too.
      this.#started.push(part);
      await part.start();
      part.ended?.().catch((error: unknown) => this.fail(part.name, error));
    }
  }

  /** Says that a part ended by itself with an error: {@link run} then stops everything and exits with 1. */
  fail(name: string, error: unknown): void {
    this.#sayFatal({ part: name }, error, 'a part of the process failed');
    this.#failure.reject(error);
  }

  #sayFatal(what: object, error: unknown, message: string): void {
    if (this.#isExpected(error)) this.#logger.fatal(what, `${message}: ${error.message}`);
    else this.#logger.fatal({ ...what, err: error }, message);
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
    // The part that is just being started is let through first.
    await this.#starting?.catch(() => {});
    let problem: Error | null = null;
    for (const part of this.#started.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        problem ??= error instanceof Error ? error : new Error(`${part.name} did not stop`, { cause: error });
        this.#logger.error({ part: part.name, err: error }, 'a part did not stop as it should');
      }
    }
    if (problem !== null) throw problem;
  }

  /**
   * Starts, waits for a signal, a failure or `until`, and stops. Answers the exit code, with which the caller ends the process:
   * what could not be stopped in time would keep it alive. A second signal ends it here.
   */
  async run(until: Promise<void> = new Promise(() => {})): Promise<number> {
    const { signalled, forget } = this.#onSignals();
    let code: number = EXIT_CODES.stopped;
    try {
      const started = this.start().catch((error: unknown) => {
        this.#sayFatal({}, error, 'cannot start');
        throw error;
      });
      await Promise.race([signalled, started]);
      await Promise.race([signalled, until, this.failed()]);
    } catch {
      code = EXIT_CODES.failed;
    }
    code = await this.#stopInTime(code);
    forget();
    return code;
  }

  async #stopInTime(code: number): Promise<number> {
    const timer = Promise.withResolvers<'late'>();
    const timeout = setTimeout(() => timer.resolve('late'), this.#stopTimeoutMs);
    try {
      const ended = await Promise.race([this.stop().then(() => 'stopped' as const), timer.promise]);
      if (ended === 'stopped') return code;
      this.#logger.fatal(
        { stopTimeoutMs: this.#stopTimeoutMs },
        'stopping took too long; what is unfinished is repeated at the next start',
      );
      return EXIT_CODES.stopTimedOut;
    } catch {
      return EXIT_CODES.failed;
    } finally {
      clearTimeout(timeout);
    }
  }

  #onSignals(): { readonly signalled: Promise<void>; readonly forget: () => void } {
    const first = Promise.withResolvers<void>();
    // One that came while the process was being put together is the first one; nobody sends it again.
    const cameBefore = this.#signal?.aborted === true;
    let isStopping = cameBefore;
    let isAnother = false;
    const stop = (): void => {
      isStopping = true;
      if (this.#sameSignalMs === 0) isAnother = true;
      else setTimeout(() => (isAnother = true), this.#sameSignalMs).unref();
      first.resolve();
    };
    if (cameBefore) stop();
    const onSignal = (signal: (typeof SIGNALS)[number]): void => {
      if (isAnother) process.exit(128 + constants.signals[signal]);
      if (isStopping) return;
      this.#logger.info({ signal }, 'stopping; once more to stop at once');
      stop();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    const forget = (): void => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    };
    return { signalled: first.promise, forget };
  }
}
