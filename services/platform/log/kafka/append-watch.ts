/**
 * Waking those who wait for records. Appends through this log wake at once; those of others are heard of by a Fetch that the broker
 * answers when there is something, or after a while, on connections of its own: a broker answers one request of a connection after
 * the other. Asks only while somebody waits.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AppendStream } from '../event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { KafkaCodeError } from './kafka-error.ts';
import type { InternalBroker } from './kafkajs-internals.ts';
import type { PartitionFetcher } from './partition-fetcher.ts';
import { fetchRecords } from './requests.ts';

/** How long the broker keeps a question; closing waits for its answer. */
const POLL_MS_MAX = 250;
/** One batch at most: what was appended is read by those who are woken. */
const POLL_BYTES = 1;
const FAILED_PAUSE_MS = 100;
/** Longest delay of a timer in Node. */
const TIMER_MS_MAX = 2_147_483_647;

interface Waiter {
  readonly stream: AppendStream;
  /** Undefined: any. */
  readonly partition: number | undefined;
  readonly wake: () => void;
}

interface Watched {
  readonly stream: AppendStream;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** Stable offset as far as it was noticed. */
  stable: number;
}

interface AppendWatchOptions {
  readonly connection: KafkaConnection;
  /** Of all partitions of a stream. */
  readonly fetchersOf: (stream: AppendStream) => readonly PartitionFetcher[];
}

export class AppendWatch {
  readonly #options: AppendWatchOptions;
  readonly #waiters = new Set<Waiter>();
  /** Appends to each stream, and to each of its partitions, so far, as far as they were noticed. */
  readonly #appends = new Map<string, number>();
  /** What each caller has been told; a caller is known by its abort signal, as in the SQLite log. */
  #told = new WeakMap<object, Map<string, number>>();
  readonly #watched = new Map<AppendStream, Watched[]>();
  /** One for each broker that leads a watched partition. */
  readonly #polls = new Map<InternalBroker, Promise<void>>();
  #asking: Promise<void> = Promise.resolve();
  #isAssigning = false;
  #isClosed = false;

  constructor(options: AppendWatchOptions) {
    this.#options = options;
  }

  /** Records were appended to a partition of the stream. */
  appended(stream: AppendStream, partition: number): void {
    for (const key of [stream, keyOf(stream, partition)]) this.#appends.set(key, (this.#appends.get(key) ?? 0) + 1);
    for (const waiter of this.#waiters) {
      if (waiter.stream === stream && (waiter.partition ?? partition) === partition) waiter.wake();
    }
  }

  /** See `EventLog.waitForAppend`. A caller's first call answers at once: what was appended before it is not known. */
  async wait(stream: AppendStream, timeoutMs: number, signal?: AbortSignal, partition?: number): Promise<void> {
    const key = keyOf(stream, partition);
    const isOver = (): boolean => this.#isClosed || signal?.aborted === true;
    if (isOver()) return;
    try {
      await this.#watch(stream);
    } catch {
      // The next read says what is wrong.
      return;
    }
    if (isOver() || this.#isNews(key, signal ?? this)) return;
    await this.#sleep({ stream, partition }, timeoutMs, signal);
    // Whatever woke this caller, it has been told now.
    this.#isNews(key, signal ?? this);
  }

  /** Wakes everybody and waits for questions under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { wake } of this.#waiters) wake();
    await this.#asking;
    await Promise.all(this.#polls.values());
    await this.#options.connection.close();
  }

  #sleep(what: Omit<Waiter, 'wake'>, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { ...what, wake };
      const timer = setTimeout(wake, Math.min(timeoutMs, TIMER_MS_MAX));
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiters.add(waiter);
      this.#askWhileWaiting();
    });
  }

  /** Whether the caller has not been told of an append yet. From here on it has. */
  #isNews(key: string, caller: object): boolean {
    const told = this.#told.get(caller) ?? new Map<string, number>();
    this.#told.set(caller, told);
    const appends = this.#appends.get(key) ?? 0;
    const isNews = told.get(key) !== appends;
    told.set(key, appends);
    return isNews;
  }

  /** Where the stream's partitions end now: what comes later is news. */
  async #watch(stream: AppendStream): Promise<void> {
    if (this.#watched.has(stream)) return;
    const fetchers = this.#options.fetchersOf(stream);
    const ends = await Promise.all(fetchers.map((fetcher) => fetcher.ends()));
    if (this.#watched.has(stream)) return;
    const watched = fetchers.map(({ topic, topicId, partition }, i) => ({
      stream,
      topic,
      topicId,
      partition,
      stable: ends[i]!.stable,
    }));
    this.#watched.set(stream, watched);
  }

  /** Keeps one question open with each broker that leads a watched partition. */
  async #ask(): Promise<void> {
    if (this.#isAssigning) return;
    this.#isAssigning = true;
    try {
      const watched = [...this.#watched.values()].flat();
      const led = await Promise.all(
        watched.map(async (one) => ({ one, broker: await this.#options.connection.leader(one.topic, one.partition) })),
      );
      for (const [broker, members] of Map.groupBy(led, (each) => each.broker)) {
        if (this.#polls.has(broker) || !this.#hasWaiters) continue;
        const polling = this.#poll(
          broker,
          members.map(({ one }) => one),
        );
        this.#polls.set(broker, polling);
        void polling.finally(() => {
          this.#polls.delete(broker);
          this.#askWhileWaiting();
        });
      }
    } catch {
      await this.#failed();
    } finally {
      this.#isAssigning = false;
    }
  }

  #askWhileWaiting(): void {
    if (this.#hasWaiters) this.#asking = this.#ask();
  }

  get #hasWaiters(): boolean {
    return this.#waiters.size > 0 && !this.#isClosed;
  }

  async #poll(broker: InternalBroker, members: readonly Watched[]): Promise<void> {
    try {
      const request = fetchRecords({
        partitions: members.map(({ topicId, partition, stable }) => ({ topicId, partition, offset: stable })),
        maxBytes: POLL_BYTES,
        maxWaitMs: POLL_MS_MAX,
      });
      const { partitions } = await broker.connectionPool.send(request);
      for (const { topicId, partition, errorCode, stableOffset } of partitions) {
        const one = members.find((member) => member.topicId === topicId && member.partition === partition);
        if (errorCode !== 0) throw new KafkaCodeError(errorCode, 'a partition cannot be watched');
        if (one === undefined || stableOffset <= one.stable) continue;
        one.stable = stableOffset;
        this.appended(one.stream, partition);
      }
    } catch {
      await this.#failed();
    }
  }

  /** Those who wait read again and get the error themselves. Whatever was missed meanwhile is found in that read too. */
  async #failed(): Promise<void> {
    this.#watched.clear();
    for (const { wake } of this.#waiters) wake();
    this.#told = new WeakMap();
    await this.#options.connection.refresh();
    await pause(FAILED_PAUSE_MS);
  }
}

function keyOf(stream: AppendStream, partition: number | undefined): string {
  return partition === undefined ? stream : `${stream} ${partition}`;
}
