/**
 * The writer of some partitions: one loop that inserts a group of each in turn. When the warehouse is away the blocks wait in
 * the log and the loop tries again with growing pauses; interception does not depend on it. A partition that cannot go on by
 * itself rests, and the others go on.
 */
import { RetakePause } from '../platform/assignment/retake-pause.ts';
import type { Trouble } from '../platform/assignment/trouble.ts';
import type { Clock } from '../platform/clock.ts';
import { WarehouseError } from '../platform/warehouse/warehouse.ts';
import { isForAPerson } from '../platform/error-for-a-person.ts';
import { isTransientCode, LogError } from '../platform/log/event-log.ts';
import type { Group } from './group.ts';
import { PartitionWriter, type PartitionWriterOptions } from './partition-writer.ts';

export interface WriterOptions extends Omit<PartitionWriterOptions, 'partition'> {
  readonly partitions: readonly number[];
  readonly clock: Clock;
  /** A group waits this long for more blocks unless {@link Writer.flush} asks for all there is. */
  readonly groupWaitMs: number;
  /** Awaited before the first insert, with the same patience as an insert. */
  readonly prepare?: () => Promise<void>;
  /**
   * What a partition that needs a person does: `stop` ends the writer with its error; `park` leaves the others going on, says so and
   * looks again now and then whether somebody has mended it. @default 'stop'
   */
  readonly onRefused?: 'stop' | 'park';
  /**
   * What becomes of a partition that another writer has taken: `leave` is done with it; `take again` takes it back after a pause that
   * grows. @default 'leave'
   */
  readonly onFenced?: 'leave' | 'take again';
  readonly observer: WriterObserver;
}

/** Told after the fact. */
export interface WriterObserver {
  written(group: Group): void;
  /** Another writer has it; null: it is not taken back. */
  lost(partition: number, retakeInMs: number | null): void;
  /** The partition stands still until a person has done what the error says. Told each time it is looked at again. */
  refused?(partition: number, error: Error): void;
  failed(partition: number, error: Error, code: string, retryInMs: number): void;
}

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;
/** A parked partition may have been mended. */
const PARKED_MS = 5_000;

interface Rest extends Trouble {
  /** Monotonic milliseconds. */
  readonly untilMs: number;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #owned = new Map<number, PartitionWriter>();
  /** Partitions that another writer has taken for good. */
  readonly #givenUp = new Set<number>();
  readonly #resting = new Map<number, Rest>();
  readonly #retaking = new Map<number, RetakePause>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #flushing = false;
  #prepared = false;
  #retryMs = RETRY_FIRST_MS;
  /** Codes by partition, the newest last. */
  readonly #failing = new Map<number, string>();
  #running: Promise<void> | null = null;
  #progressAtMs = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  /** What keeps a partition from going on; gone as soon as it does. */
  troubles(): ReadonlyMap<number, Trouble> {
    return this.#resting;
  }

  /** Code of what the newest try to store failed with; null where none has failed since it went well. */
  get failure(): string | null {
    return [...this.#failing.values()].at(-1) ?? null;
  }

  /** Rejects when a partition cannot be taken and none may be parked; otherwise that is tried again while this runs. */
  async start(): Promise<void> {
    const { partitions, clock, onRefused = 'stop' } = this.#options;
    this.#progressAtMs = clock.monotonicMs();
    if (onRefused === 'stop') {
      for (const partition of partitions) this.#owned.set(partition, await PartitionWriter.take({ ...this.#options, partition }));
    }
    this.#running = this.#loop();
    this.#running.catch(() => {});
  }

  async ended(): Promise<void> {
    await this.#running;
  }

  /** From now on groups do not wait for more blocks. */
  flush(): void {
    this.#flushing = true;
    this.#wake.abort();
  }

  async #loop(): Promise<void> {
    const { partitions, clock, groupWaitMs, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      let idle = true;
      for (const partition of partitions) {
        if (this.#stop.signal.aborted) break;
        if (this.#givenUp.has(partition) || this.#isResting(partition)) continue;
        if (await this.#stepOf(partition)) idle = false;
        this.#progressAtMs = clock.monotonicMs();
      }
      if (this.#givenUp.size === partitions.length) return;
      if (this.#flushing) {
        if (idle) await log.waitForAppend('results', groupWaitMs, this.#stop.signal);
      } else {
        // Blocks gather while this sleeps; a group is what came in meanwhile.
        await clock.sleep(groupWaitMs, AbortSignal.any([this.#stop.signal, this.#wake.signal]));
      }
    }
  }

  #isResting(partition: number): boolean {
    const untilMs = this.#resting.get(partition)?.untilMs ?? Number.NEGATIVE_INFINITY;
    return this.#options.clock.monotonicMs() < untilMs;
  }

  /** Whether something was written. */
  async #stepOf(partition: number): Promise<boolean> {
    const { observer } = this.#options;
    try {
      if (!this.#prepared) await this.#options.prepare?.();
      this.#prepared = true;
      const writer = this.#owned.get(partition) ?? (await PartitionWriter.take({ ...this.#options, partition }));
      this.#owned.set(partition, writer);
      const result = await writer.step();
      // Of others, that one goes on says nothing.
      this.#failing.delete(partition);
      if (result.status === 'fenced') {
        this.#lose(partition);
        return false;
      }
      this.#resting.delete(partition);
      if (result.status === 'idle') return false;
      this.#retryMs = RETRY_FIRST_MS;
      observer.written(result.group);
      return true;
    } catch (error) {
      this.#failing.delete(partition);
      if (this.#isParked(partition, error)) return false;
      const code = this.#codeOfRetryable(error);
      if (code === null) throw error;
      this.#owned.delete(partition);
      this.#failing.set(partition, code);
      observer.failed(partition, error as Error, code, this.#retryMs);
      await this.#options.clock.sleep(this.#retryMs, this.#stop.signal);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      return false;
    }
  }

  /**
   * The code of an error that is tried again, or null. Where one of several goes on without a person, ClickHouse's own refusals are: a
   * password, a quota and a disk are mended there, and a process that ended would be started again only to end, with nobody told.
   * Before anything was stored they are a mistake in how it was started.
   */
  #codeOfRetryable(error: unknown): string | null {
    const { onRefused = 'stop' } = this.#options;
    if (error instanceof WarehouseError) return error.retryable || (this.#prepared && onRefused === 'park') ? error.code : null;
    if (error instanceof LogError) return isTransientCode(error.code) ? error.code : null;
    return null;
  }

  #lose(partition: number): void {
    const { clock, observer, onFenced = 'leave' } = this.#options;
    this.#owned.delete(partition);
    if (onFenced === 'leave') {
      this.#givenUp.add(partition);
      observer.lost(partition, null);
      return;
    }
    const retaking = this.#retaking.get(partition) ?? new RetakePause();
    this.#retaking.set(partition, retaking);
    const nowMs = clock.monotonicMs();
    const pauseMs = retaking.lost(nowMs);
    const message = `another writer has taken it; it is taken back within ${pauseMs} ms`;
    this.#resting.set(partition, { message, isParked: false, untilMs: nowMs + pauseMs });
    observer.lost(partition, pauseMs);
  }

  /** What only a person can mend keeps one partition, not the others. */
  #isParked(partition: number, error: unknown): boolean {
    const { clock, observer, onRefused = 'stop' } = this.#options;
    if (onRefused === 'stop' || !isForAPerson(error)) return false;
    this.#owned.delete(partition);
    this.#resting.set(partition, { message: error.message, isParked: true, untilMs: clock.monotonicMs() + PARKED_MS });
    observer.refused?.(partition, error);
    return true;
  }

  /** True when every block that is in the log now is stored. */
  async isDrained(): Promise<boolean> {
    const { log, partitions } = this.#options;
    for (const partition of partitions) {
      const { end } = await log.bounds('results', partition);
      const writer = this.#owned.get(partition);
      if (writer === undefined || writer.offset < end) return false;
    }
    return true;
  }

  /** Those that are its own, whether they go on or not. */
  get partitions(): readonly number[] {
    return this.#options.partitions.filter((partition) => !this.#givenUp.has(partition));
  }

  owned(): ReadonlyMap<number, PartitionWriter> {
    return this.#owned;
  }

  /** Finishes the group under way and releases. Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
    for (const writer of this.#owned.values()) await writer.release();
    this.#owned.clear();
  }
}
