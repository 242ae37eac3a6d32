/**
 * The scorer of some partitions: one loop that judges a batch of each in turn, so that a busy partition delays the others by
 * one batch at most. An error throws away a partition's state and takes it anew after a pause; being fenced gives it up.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { PartitionState } from '../domain/fold/partition-state.ts';
import { LogError } from '../platform/log/event-log.ts';
import { PartitionScorer, type PartitionScorerOptions } from './partition-scorer.ts';
import { type NearLimit, nearLimits, type StateLimits } from './state-limits.ts';

export interface ScorerOptions extends Omit<PartitionScorerOptions, 'partition'> {
  readonly partitions: readonly number[];
  /** @default none */
  readonly stateLimits?: StateLimits;
  readonly observer: ScorerObserver;
}

/** What is told to whoever reports metrics and logs; after the commit, never before. */
export interface ScorerObserver {
  scored(partition: number, outcome: BatchOutcome, state: PartitionState): void;
  /** `hasMismatch`: the noted position was not the end of the last block; the block counts. */
  taken(partition: number, position: number, refolded: number, hasMismatch: boolean): void;
  lost(partition: number): void;
  failed(partition: number, error: Error, retryInMs: number): void;
  /** Once for each kind of state of a partition that passes 80 % of its limit. */
  nearlyFull(partition: number, near: NearLimit): void;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;
const IDLE_WAIT_MS = 500;

export class Scorer {
  readonly #options: ScorerOptions;
  readonly #owned = new Map<number, PartitionScorer>();
  readonly #given = new Set<number>();
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #progressAtMs = 0;

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /** When the loop last went round, monotonic milliseconds: health is progress. */
  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  owned(): ReadonlyMap<number, PartitionScorer> {
    return this.#owned;
  }

  /** Takes all partitions; then the loop runs until {@link stop}. Rejects when a partition cannot be taken. */
  async start(): Promise<void> {
    for (const partition of this.#options.partitions) await this.#take(partition);
    this.#running = this.#loop();
    // Whoever stops or awaits it sees the error; until then it must not count as unhandled.
    this.#running.catch(() => {});
  }

  /** Settles when the loop has ended; rejects with what ended it other than {@link stop}. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #take(partition: number): Promise<void> {
    const scorer = await PartitionScorer.take({ ...this.#options, partition });
    this.#owned.set(partition, scorer);
    this.#options.observer.taken(partition, scorer.position, scorer.refolded, scorer.hasPositionMismatch);
  }

  async #loop(): Promise<void> {
    const { log, clock, partitions } = this.#options;
    while (!this.#stop.signal.aborted) {
      let idle = true;
      for (const partition of partitions) {
        if (this.#stop.signal.aborted) break;
        if (this.#given.has(partition)) continue;
        if (await this.#stepOf(partition)) idle = false;
        this.#progressAtMs = clock.monotonicMs();
        // Lets inserts, timers and requests of this process have their turn between two batches.
        await nextTurn();
      }
      if (this.#given.size === partitions.length) return;
      if (idle) await log.waitForAppend('access', IDLE_WAIT_MS, this.#stop.signal);
    }
  }

  /** Whether something was judged. */
  async #stepOf(partition: number): Promise<boolean> {
    const { observer } = this.#options;
    try {
      if (!this.#owned.has(partition)) await this.#take(partition);
      const scorer = this.#owned.get(partition)!;
      const result = await scorer.step();
      if (result.status === 'fenced') {
        this.#owned.delete(partition);
        this.#given.add(partition);
        observer.lost(partition);
        return false;
      }
      if (result.status === 'idle') return false;
      for (const outcome of result.outcomes) observer.scored(partition, outcome, scorer.state);
      this.#watchState(scorer);
      this.#retryMs.delete(partition);
      return true;
    } catch (error) {
      this.#owned.delete(partition);
      // What waiting can mend is tried again; the rest is for a person, and a bug stops the worker.
      if (!(error instanceof LogError) || error.code === 'log_corrupt' || error.code === 'log_offset_out_of_range') throw error;
      const retryInMs = Math.min((this.#retryMs.get(partition) ?? RETRY_FIRST_MS / 2) * 2, RETRY_MAX_MS);
      this.#retryMs.set(partition, retryInMs);
      observer.failed(partition, error, retryInMs);
      await pause(retryInMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      return false;
    }
  }

  readonly #retryMs = new Map<number, number>();
  /** Kinds of state that were said to be nearly full. */
  readonly #alarmed = new Set<string>();

  #watchState(scorer: PartitionScorer): void {
    const { stateLimits } = this.#options;
    if (stateLimits === undefined) return;
    for (const near of nearLimits(scorer.state, stateLimits)) {
      const key = `${scorer.partition} ${near.kind}`;
      if (this.#alarmed.has(key)) continue;
      this.#alarmed.add(key);
      this.#options.observer.nearlyFull(scorer.partition, near);
    }
  }

  /** True when everything that is in the log now has been judged by this scorer. */
  async isDrained(): Promise<boolean> {
    for (const partition of this.#options.partitions) {
      const scorer = this.#owned.get(partition);
      const { end } = await this.#options.log.bounds('access', partition);
      if (scorer === undefined || scorer.position < end) return false;
    }
    return true;
  }

  /** Finishes the batch under way, makes a checkpoint at its end and releases. Twice is fine. @throws LogError when a checkpoint fails */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
    const failures: unknown[] = [];
    for (const [partition, scorer] of this.#owned) {
      this.#owned.delete(partition);
      // Those behind one that fails are given back, too.
      await scorer.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
