/**
 * The writer of some partitions: one loop that inserts a group of each in turn. When the warehouse is away the blocks wait in
 * the log and the loop tries again with growing pauses; interception does not depend on it.
 */
import type { Clock } from '../platform/clock.ts';
import { WarehouseError } from '../platform/warehouse/warehouse.ts';
import { LogError, type LogErrorCode } from '../platform/log/event-log.ts';
import type { Group } from './group.ts';
import { PartitionWriter, type PartitionWriterOptions } from './partition-writer.ts';

export interface WriterOptions extends Omit<PartitionWriterOptions, 'partition'> {
  readonly partitions: readonly number[];
  readonly clock: Clock;
  /** A group waits this long for more blocks unless {@link Writer.flush} asks for all there is. */
  readonly groupWaitMs: number;
  /** Awaited before the first insert, with the same patience as an insert. */
  readonly prepare?: () => Promise<void>;
  readonly observer: WriterObserver;
}

/** Told after the fact. */
export interface WriterObserver {
  written(group: Group): void;
  lost(partition: number): void;
  failed(partition: number, error: Error, code: string, retryInMs: number): void;
}

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;

export class Writer {
  readonly #options: WriterOptions;
  readonly #owned = new Map<number, PartitionWriter>();
  readonly #given = new Set<number>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #flushing = false;
  #prepared = false;
  #retryMs = RETRY_FIRST_MS;
  #running: Promise<void> | null = null;
  #progressAtMs = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  async start(): Promise<void> {
    for (const partition of this.#options.partitions) {
      this.#owned.set(partition, await PartitionWriter.take({ ...this.#options, partition }));
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
        if (this.#given.has(partition)) continue;
        if (await this.#stepOf(partition)) idle = false;
        this.#progressAtMs = clock.monotonicMs();
      }
      if (this.#given.size === partitions.length) return;
      if (this.#flushing) {
        if (idle) await log.waitForAppend('results', groupWaitMs, this.#stop.signal);
      } else {
        // Blocks gather while this sleeps; a group is what came in meanwhile.
        await clock.sleep(groupWaitMs, AbortSignal.any([this.#stop.signal, this.#wake.signal]));
      }
    }
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
      if (result.status === 'fenced') {
        this.#owned.delete(partition);
        this.#given.add(partition);
        observer.lost(partition);
        return false;
      }
      if (result.status === 'idle') return false;
      this.#retryMs = RETRY_FIRST_MS;
      observer.written(result.group);
      return true;
    } catch (error) {
      const code = codeOfRetryable(error);
      if (code === null) throw error;
      this.#owned.delete(partition);
      observer.failed(partition, error as Error, code, this.#retryMs);
      await this.#options.clock.sleep(this.#retryMs, this.#stop.signal);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      return false;
    }
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

/** Offsets out of range and damage are for a person: stop and alarm, never go round them. */
function isMendable(code: LogErrorCode): boolean {
  return code === 'log_busy' || code === 'log_disk_full' || code === 'log_unreachable';
}

/** The code of an error that waiting may mend, or null. */
function codeOfRetryable(error: unknown): string | null {
  if (error instanceof WarehouseError) return error.retryable ? error.code : null;
  if (error instanceof LogError) return isMendable(error.code) ? error.code : null;
  return null;
}
