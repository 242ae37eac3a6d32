/**
 * Waking those who wait for records. Appends through this connection wake at once; those of other connections are found by asking
 * SQLite every 20 ms whether anybody else committed, and only while somebody waits.
 */
import type { AppendStream } from '../event-log.ts';
import type { Statements } from './statements.ts';

/** Asking costs some microseconds; scoring an access of another process may take this much longer. */
const POLL_INTERVAL_MS = 20;
/** Longest delay of a timer in Node. */
const TIMER_MS_MAX = 2_147_483_647;

interface Waiter {
  readonly stream: AppendStream;
  readonly wake: () => void;
}

export class AppendSignal {
  readonly #statements: Statements;
  readonly #waiters = new Set<Waiter>();
  /** Appends to each stream so far, as far as they were noticed. */
  readonly #appends = new Map<AppendStream, number>();
  /**
   * What each caller has been told. A caller is known by its abort signal: when two wait for the same stream, the one's call must
   * not use up what the other has not heard yet.
   */
  readonly #told = new WeakMap<object, Map<AppendStream, number>>();
  #dataVersion: unknown;
  #ends = new Map<string, unknown>();
  #poll: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(statements: Statements) {
    this.#statements = statements;
    this.#dataVersion = statements.dataVersion.get()?.data_version;
    this.#ends = this.#readEnds();
  }

  /** Records were appended to the stream. */
  appended(stream: AppendStream): void {
    this.#appends.set(stream, (this.#appends.get(stream) ?? 0) + 1);
    for (const waiter of this.#waiters) if (waiter.stream === stream) waiter.wake();
  }

  /** See `EventLog.waitForAppend`. A caller's first call answers at once: what was appended before it is not known. */
  async wait(stream: AppendStream, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed || signal?.aborted === true) return;
    this.#noticeOthers();
    if (this.#isNews(stream, signal ?? this)) return;
    await this.#sleep(stream, timeoutMs, signal);
    // Whatever woke this caller, it has been told now.
    this.#isNews(stream, signal ?? this);
  }

  #sleep(stream: AppendStream, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#stopPolling();
        resolve();
      };
      const waiter: Waiter = { stream, wake };
      const timer = setTimeout(wake, Math.min(timeoutMs, TIMER_MS_MAX));
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiters.add(waiter);
      this.#poll ??= setInterval(() => this.#noticeOthers(), POLL_INTERVAL_MS).unref();
    });
  }

  /** Whether the caller has not been told of an append yet. From here on it has. */
  #isNews(stream: AppendStream, caller: object): boolean {
    const told = this.#told.get(caller) ?? new Map<AppendStream, number>();
    this.#told.set(caller, told);
    const appends = this.#appends.get(stream) ?? 0;
    const isNews = told.get(stream) !== appends;
    told.set(stream, appends);
    return isNews;
  }

  /** Looks for appends of other connections. */
  #noticeOthers(): void {
    try {
      const dataVersion = this.#statements.dataVersion.get()?.data_version;
      if (dataVersion === this.#dataVersion) return;
      this.#dataVersion = dataVersion;
      const before = this.#ends;
      this.#ends = this.#readEnds();
      for (const [stream, end] of this.#ends) if (before.get(stream) !== end) this.appended(stream as AppendStream);
    } catch {
      // Those who wait read again and get this error themselves; a timer has nobody to tell.
      for (const { wake } of this.#waiters) wake();
    }
  }

  #readEnds(): Map<string, unknown> {
    return new Map(this.#statements.ends.all().map(({ stream, total }) => [String(stream), total]));
  }

  #stopPolling(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
  }

  /** Wakes everybody. */
  close(): void {
    this.#isClosed = true;
    for (const { wake } of this.#waiters) wake();
    this.#stopPolling();
  }
}
