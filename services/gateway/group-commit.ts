/**
 * One loop brings the records of all requests into the log. While a transaction is under way (about 10 ms on Kafka, an fsync in a data
 * folder) requests that come in wait, and the next transaction takes them together. Nobody waits for company.
 *
 * 1. a request's records are put in the queue, whole;
 * 2. a group of requests is one transaction: all of it is in the log, or nothing;
 * 3. only when the log has acknowledged it are its requests told so. Whoever dies before that has promised nothing, and whoever sends
 *    again is recognised by the fold by (subject, source, id).
 */
import { subjectOf } from '../domain/partitioning/route-record.ts';
import type { Clock } from '../platform/clock.ts';
import { type Append, type EventLog, LogError, ORIGIN } from '../platform/log/event-log.ts';

/** The records that a partition gets. */
type PartitionRecords = ReadonlyMap<number, readonly Buffer[]>;

export interface Submitted {
  readonly places: PartitionRecords;
  /** With copies. */
  readonly records: number;
  readonly bytes: number;
  /** Called once, when nothing of it is needed any more; that may be long after the answer. */
  readonly onLetGo: () => void;
}

/** `waiting`: it did not get its turn, nothing is in the log. `unknown`: it may be in the log or not. */
export type Acknowledgement =
  | { readonly status: 'committed' }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'too_late'; readonly outcome: 'waiting' | 'unknown' };

interface GroupCommitOptions {
  readonly log: Pick<EventLog, 'commit'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'turn'>;
  readonly groupBytesMax: number;
  readonly groupRecordsMax: number;
  readonly commitTimeoutMs: number;
  /** After each transaction; `error` is null when it was committed. */
  readonly observe: (group: { readonly requests: number; readonly seconds: number; readonly error: unknown }) => void;
}

/** Since when the log has taken nothing that hosts sent, and what it said last. Monotonic milliseconds. */
export interface Refusal {
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly error: unknown;
}

interface Waiting extends Submitted {
  readonly answer: (acknowledgement: Acknowledgement) => void;
  readonly timer: NodeJS.Timeout;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** Bounded by who submits: {@link InFlight}. */
  readonly #queue: Set<Waiting> = new Set();
  #loop: Promise<void> | null = null;
  #endedAtMs = 0;
  #refusal: Refusal | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** When a transaction last ended, well or not, or the first request since then came; now when nothing waits. Monotonic milliseconds. */
  get progressAtMs(): number {
    return this.#loop === null ? this.#options.clock.monotonicMs() : this.#endedAtMs;
  }

  /** Null where the newest transaction was committed, or there was none. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Requests whose turn has not come. */
  get waiting(): number {
    return this.#queue.size;
  }

  submit(submitted: Submitted): Promise<Acknowledgement> {
    return new Promise((answer) => {
      const timer = setTimeout(() => {
        const isWaiting = this.#queue.delete(waiting);
        if (isWaiting) waiting.onLetGo();
        answer({ status: 'too_late', outcome: isWaiting ? 'waiting' : 'unknown' });
      }, this.#options.commitTimeoutMs);
      const waiting: Waiting = { ...submitted, answer, timer };
      this.#queue.add(waiting);
      if (this.#loop !== null) return;
      this.#endedAtMs = this.#options.clock.monotonicMs();
      this.#loop = this.#run();
    });
  }

  /** When nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#loop !== null) await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (this.#queue.size > 0) {
      // Requests whose bytes lie in the sockets already get in before the group is closed: SQLite commits without letting go of the thread.
      await clock.turn();
      const group = this.#nextGroup();
      if (group.length > 0) await this.#commit(group);
    }
    this.#loop = null;
  }

  /** In the order of arrival; at least one. */
  #nextGroup(): Waiting[] {
    const { groupBytesMax, groupRecordsMax } = this.#options;
    const group: Waiting[] = [];
    let bytes = 0;
    let records = 0;
    for (const waiting of this.#queue) {
      bytes += waiting.bytes;
      records += waiting.records;
      if (group.length > 0 && (bytes > groupBytesMax || records > groupRecordsMax)) break;
      group.push(waiting);
      this.#queue.delete(waiting);
    }
    return group;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { log, clock, observe } = this.#options;
    const startedAtMs = clock.monotonicMs();
    let failure: { readonly error: unknown } | null = null;
    try {
      await log.commit({ appends: appendsOf(group) });
    } catch (error) {
      failure = { error };
    }
    for (const { timer, onLetGo, answer } of group) {
      clearTimeout(timer);
      onLetGo();
      answer(failure === null ? { status: 'committed' } : { status: 'failed', error: failure.error });
    }
    this.#endedAtMs = clock.monotonicMs();
    const since = this.#refusal?.sinceMs ?? this.#endedAtMs;
    this.#refusal = failure === null ? null : { sinceMs: since, lastMs: this.#endedAtMs, error: failure.error };
    observe({ requests: group.length, seconds: (this.#endedAtMs - startedAtMs) / 1_000, error: failure?.error ?? null });
  }
}

/** One append for each partition, records in the order of the requests and within them. */
function appendsOf(group: readonly Waiting[]): Append[] {
  const values = new Map<number, Buffer[]>();
  for (const { places } of group) {
    for (const [partition, records] of places) {
      const list = values.get(partition) ?? [];
      for (const record of records) list.push(record);
      values.set(partition, list);
    }
  }
  return Array.from(values, ([partition, list]) => ({
    stream: 'access',
    partition,
    values: list,
    keys: subjectOf,
    origin: ORIGIN.live,
  }));
}

/** Seconds after which sending again may help; the log says what is wrong, not to hosts but in this process's own log. */
export function retryAfterSeconds(error: unknown): number | null {
  if (!(error instanceof LogError)) return null;
  switch (error.code) {
    case 'log_busy':
      return 1;
    case 'log_unreachable':
      return 5;
    case 'log_disk_full':
      return 30;
    case 'log_offset_out_of_range':
    case 'log_corrupt':
    case 'log_wrong_partitions':
    case 'log_newer_format':
      return 60;
  }
}
