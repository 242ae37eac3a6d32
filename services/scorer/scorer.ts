/**
 * The scorer of some partitions. Each has a task of its own that judges batch after batch, so that while one waits for its transaction
 * another is judged; judging itself is synchronous, and only so many partitions hold a batch at a time. An error throws a partition's
 * state away and takes it anew after a pause; being fenced gives it up, for a while or for good. Which partitions there are may change
 * while this runs.
 */
import { once } from 'node:events';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { PartitionState } from '../domain/fold/partition-state.ts';
import { RetakePause } from '../platform/assignment/retake-pause.ts';
import type { Trouble } from '../platform/assignment/trouble.ts';
import type { Clock } from '../platform/clock.ts';
import { isForAPerson } from '../platform/error-for-a-person.ts';
import { LogError } from '../platform/log/event-log.ts';
import { Turnstile } from '../platform/turnstile.ts';
import { awaitHandOver } from './hand-over.ts';
import { PartitionScorer, type PartitionScorerOptions, type StepResult } from './partition-scorer.ts';
import { type NearLimit, nearLimits, type StateLimits } from './state-limits.ts';

export interface ScorerOptions extends Omit<PartitionScorerOptions, 'partition' | 'clock' | 'onProgress' | 'arrivals'> {
  /** What it begins with; see {@link Scorer.assign}. */
  readonly partitions: readonly number[];
  readonly clock: Clock;
  /** @default none */
  readonly stateLimits?: StateLimits;
  /**
   * What a partition that needs a person does: `stop` ends the scorer with its error; `park` leaves the others going on, says so and
   * looks again now and then whether somebody has mended it. @default 'stop'
   */
  readonly onRefused?: 'stop' | 'park';
  /**
   * What becomes of a partition that another scorer has taken: `leave` is done with it; `take again` takes it back after a pause that
   * grows, as long as it is assigned here. @default 'leave'
   */
  readonly onFenced?: 'leave' | 'take again';
  /** How long a partition that somebody else had is waited for before it is taken from them. @default 0 */
  readonly handOverMs?: number;
  readonly observer: ScorerObserver;
}

/** Told after the commit, never before. */
export interface ScorerObserver {
  scored(partition: number, outcome: BatchOutcome, state: PartitionState): void;
  /** `hasMismatch`: tools for lag were shown another position than the end of the last block; the block counts. */
  taken(partition: number, position: number, refolded: number, hasMismatch: boolean): void;
  /** Another scorer has it; null: it is not taken back. */
  lost(partition: number, retakeInMs: number | null): void;
  failed(partition: number, error: Error, retryInMs: number): void;
  /** The partition stands still until a person has done what the error says. Told each time it is looked at again. */
  refused?(partition: number, error: Error): void;
  /** Once for each kind of state of a partition that passes 80 % of its limit. */
  nearlyFull(partition: number, near: NearLimit): void;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;
/** A parked partition may have been mended. Shorter than what counts as standing still. */
const PARKED_MS = 5_000;
const IDLE_WAIT_MS = 500;
/** Partitions that hold a batch (up to `batchBytesMax`, and its rows) at the same time. */
const STEPS_AT_ONCE_MAX = 8;

interface Task {
  readonly leave: AbortController;
  readonly done: Promise<void>;
  /** When it last went round, monotonic milliseconds; null when it is over. */
  progressAtMs: number | null;
}

export class Scorer {
  readonly #options: ScorerOptions;
  readonly #owned = new Map<number, PartitionScorer>();
  readonly #tasks = new Map<number, Task>();
  readonly #troubles = new Map<number, Trouble>();
  readonly #steps = new Turnstile(STEPS_AT_ONCE_MAX);
  /** One partition after the other: the first judges while the next is folded again, and what is read of checkpoints is of one at a time. */
  readonly #arrivals = new Turnstile(1);
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopFailures: Error[] = [];
  /** Taken away by another scorer and not assigned again since. */
  readonly #lost = new Set<number>();
  /** Kinds of state that were said to be nearly full. */
  readonly #alarmed = new Set<string>();

  constructor(options: ScorerOptions) {
    this.#options = options;
    // Whoever stops or awaits it sees the error; until then it must not count as unhandled.
    this.#failed.promise.catch(() => {});
  }

  /** When the slowest partition last went round, monotonic milliseconds: health is progress. Without partitions that is now. */
  get progressAtMs(): number {
    const times = [...this.#tasks.values()].flatMap(({ progressAtMs }) => progressAtMs ?? []);
    if (this.#lost.size > 0 && times.length === 0) return Number.NEGATIVE_INFINITY;
    return Math.min(this.#options.clock.monotonicMs(), ...times);
  }

  owned(): ReadonlyMap<number, PartitionScorer> {
    return this.#owned;
  }

  /** What keeps a partition from going on; gone as soon as it does. */
  troubles(): ReadonlyMap<number, Trouble> {
    return this.#troubles;
  }

  /** Takes all partitions; then they are judged until {@link stop}. Rejects when one cannot be taken and none may be parked. */
  async start(): Promise<void> {
    const { partitions, onRefused = 'stop' } = this.#options;
    if (onRefused === 'stop') for (const partition of partitions) await this.#take(partition);
    this.assign(partitions);
  }

  /** From now on these partitions and no others: those that leave are brought to a clean end, those that come are taken. */
  assign(partitions: readonly number[]): void {
    if (this.#stop.signal.aborted) return;
    for (const [partition, { leave }] of this.#tasks) if (!partitions.includes(partition)) leave.abort();
    for (const partition of partitions) {
      const before = this.#tasks.get(partition);
      const isUnderWay = before !== undefined && before.progressAtMs !== null;
      if (isUnderWay && !before.leave.signal.aborted) continue;
      this.#lost.delete(partition);
      this.#begin(partition, before?.done ?? Promise.resolve());
    }
  }

  /** @param before the partition's task before this one, which may still be making its checkpoint */
  #begin(partition: number, before: Promise<void>): void {
    const leave = new AbortController();
    const done = before.then(
      () => this.#run(partition, AbortSignal.any([leave.signal, this.#stop.signal])),
      () => {},
    );
    const task: Task = { leave, done, progressAtMs: this.#options.clock.monotonicMs() };
    this.#tasks.set(partition, task);
    done.catch((error: unknown) => this.#failed.reject(error)).finally(() => (task.progressAtMs = null));
  }

  /**
   * Settles when no partition is left, or, where they are taken back and assigned anew, when this was stopped: having none for a while is
   * no end of it. Rejects with what ended one of them other than {@link stop}.
   */
  async ended(): Promise<void> {
    const all = async (): Promise<void> => {
      if (this.#options.onFenced === 'take again') await this.#stopped();
      let seen: Task[] = [];
      do {
        seen = [...this.#tasks.values()];
        await Promise.all(seen.map(({ done }) => done));
      } while ([...this.#tasks.values()].some((task) => !seen.includes(task)));
    };
    await Promise.race([all(), this.#failed.promise]);
  }

  async #stopped(): Promise<void> {
    const { signal } = this.#stop;
    if (!signal.aborted) await once(signal, 'abort');
  }

  /** One partition until it is lost, handed over or stopped. */
  async #run(partition: number, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    let retryMs = RETRY_FIRST_MS;
    let isHandedOver = this.#owned.has(partition);
    const retaking = new RetakePause();
    while (!signal.aborted) {
      try {
        if (!isHandedOver) await awaitHandOver({ ...this.#options, partition, signal });
        isHandedOver = true;
        if (signal.aborted) break;
        if (!this.#owned.has(partition)) await this.#take(partition);
        const status = await this.#steps.inside(() => this.#step(partition));
        this.#troubles.delete(partition);
        this.#wentRound(partition);
        if (status === 'fenced') {
          if (!(await this.#mayTakeAgain(partition, retaking, signal))) return;
          continue;
        }
        retryMs = RETRY_FIRST_MS;
        // Lets inserts, timers and requests of this process have their turn between two batches.
        if (status === 'scored') await clock.turn();
        else await log.waitForAppend('access', IDLE_WAIT_MS, signal, partition);
      } catch (error) {
        this.#owned.delete(partition);
        const pauseMs = this.#pauseAfter(partition, error, retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        await clock.sleep(pauseMs, signal);
        this.#wentRound(partition);
      }
    }
    await this.#release(partition);
  }

  /** Waits until a partition that another scorer has taken may be taken back; false when this one is done with it. */
  async #mayTakeAgain(partition: number, retaking: RetakePause, signal: AbortSignal): Promise<boolean> {
    const { clock, observer, onFenced = 'leave' } = this.#options;
    if (onFenced === 'leave') {
      this.#lost.add(partition);
      observer.lost(partition, null);
      return false;
    }
    const pauseMs = retaking.lost(clock.monotonicMs());
    const message = `another scorer has taken it; unless it is given to others, it is taken back within ${pauseMs} ms`;
    observer.lost(partition, pauseMs);
    this.#troubles.set(partition, { message, isParked: false });
    // Waiting is progress: what is wrong is said by the trouble.
    for (let leftMs = pauseMs; leftMs > 0 && !signal.aborted; leftMs -= PARKED_MS, this.#wentRound(partition))
      await clock.sleep(Math.min(leftMs, PARKED_MS), signal);
    return true;
  }

  #wentRound(partition: number): void {
    const task = this.#tasks.get(partition);
    if (task !== undefined && task.progressAtMs !== null) task.progressAtMs = this.#options.clock.monotonicMs();
  }

  /** What waiting can mend is tried again; the rest is for a person, and a bug stops the worker. */
  #pauseAfter(partition: number, error: unknown, retryMs: number): number {
    const { observer, onRefused = 'stop' } = this.#options;
    if (isForAPerson(error)) {
      if (onRefused === 'stop') throw error;
      this.#troubles.set(partition, { message: error.message, isParked: true });
      observer.refused?.(partition, error);
      return PARKED_MS;
    }
    if (!(error instanceof LogError)) throw error;
    this.#troubles.set(partition, { message: error.message, isParked: false });
    observer.failed(partition, error, retryMs);
    return retryMs;
  }

  async #step(partition: number): Promise<'scored' | 'idle' | 'fenced'> {
    const { observer } = this.#options;
    const scorer = this.#owned.get(partition)!;
    const result = await this.#judge(scorer);
    if (result.status === 'fenced') this.#owned.delete(partition);
    if (result.status === 'scored') {
      for (const outcome of result.outcomes) observer.scored(partition, outcome, scorer.state);
      this.#watchState(scorer);
    }
    return result.status;
  }

  /** @throws PartitionRefused when retention has passed the position: it names what is lost, and the way on */
  async #judge(scorer: PartitionScorer): Promise<StepResult> {
    try {
      return await scorer.step();
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'log_offset_out_of_range') throw error;
      // The state is whole up to the position: kept in a checkpoint there, only what was not read is lost.
      this.#owned.delete(scorer.partition);
      await scorer.stop();
      await this.#take(scorer.partition);
      // Taking it finds nothing lost, yet it cannot be read: nothing that would mend itself.
      throw error;
    }
  }

  async #take(partition: number): Promise<void> {
    // It goes on for those, too, who wait for their turn.
    const onProgress = (): void => {
      for (const other of this.#tasks.keys()) if (!this.#owned.has(other)) this.#wentRound(other);
    };
    const scorer = await PartitionScorer.take({ ...this.#options, partition, onProgress, arrivals: this.#arrivals });
    this.#owned.set(partition, scorer);
    onProgress();
    this.#options.observer.taken(partition, scorer.position, scorer.refolded, scorer.hasPositionMismatch);
  }

  /** Makes a checkpoint at the end of the last batch and gives the partition back. */
  async #release(partition: number): Promise<void> {
    const scorer = this.#owned.get(partition);
    this.#owned.delete(partition);
    this.#troubles.delete(partition);
    // One that fails must not keep the others from being given back.
    await scorer?.stop().catch((error: Error) => this.#stopFailures.push(error));
  }

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

  /** Finishes the batches under way, makes a checkpoint at each end and releases. Twice is fine. @throws LogError when a checkpoint fails */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#tasks.values()].map(({ done }) => done));
    // Taken by a start that failed halfway.
    for (const partition of this.#owned.keys()) await this.#release(partition);
    const [failure] = this.#stopFailures.splice(0);
    if (failure !== undefined) throw failure;
  }
}
