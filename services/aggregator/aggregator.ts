/**
 * Makes `ntk.prior` from results: one loop that reads what the blocks of all partitions have to tell, and says what partitions cannot know
 * of each other. What it has read is in memory alone, what it has said is noted in the log: after a start it reads again what is still there
 * and says only what is new. What it says acts from its place in the log on, so verdicts stay a function of the log.
 */
import type { Prior } from '../../schemas/events/prior.ts';
import { Aggregation, type Saying } from '../domain/aggregation/aggregation.ts';
import type { Clock } from '../platform/clock.ts';
import { type EventLog, isTransientCode, LogError, type Put } from '../platform/log/event-log.ts';
import { NewsCursor } from './news-cursor.ts';
import { putSaid, wasSaid } from './said-note.ts';

/** One record for every partition. */
export interface PriorRecord {
  /** The same for the same, so that what two aggregators say is a duplicate. */
  readonly id: string;
  readonly timeMs: number;
  readonly data: Prior;
}

export interface AggregatorOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Appends a record to every partition, with `put`, in one transaction. */
  readonly publish: (record: PriorRecord, put: Put) => Promise<void>;
  readonly observer?: AggregatorObserver;
}

/** Told after the fact. */
export interface AggregatorObserver {
  published(kind: Prior['kind'], records: number): void;
  failed(error: Error, retryInMs: number): void;
}

/** Between two looks at the results. */
const PAUSE_MS = 1_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const HOUR_MS = 3_600_000;

export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #aggregation = new Aggregation();
  readonly #cursors: readonly NewsCursor[];
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #progressAtMs = 0;
  /** What is to be said, until it was. */
  readonly #due: Saying[] = [];
  #timeMs = 0;
  #hour: number | null = null;

  constructor(options: AggregatorOptions) {
    const { log, clock } = options;
    this.#options = options;
    this.#cursors = Array.from({ length: log.partitions }, (_, partition) => new NewsCursor(log, partition));
    this.#progressAtMs = clock.monotonicMs();
  }

  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  /** Of event time, since 1970, that the newest block it has read begins with; null before the first. */
  get hour(): number | null {
    return this.#hour;
  }

  start(): void {
    this.#running = this.#loop();
    this.#running.catch(() => {});
  }

  async ended(): Promise<void> {
    await this.#running;
  }

  /** Ends before the next turn; what was learned is learned again after the next start. Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }

  async #loop(): Promise<void> {
    const { clock, observer } = this.#options;
    const { signal } = this.#stop;
    for (let retryMs = RETRY_FIRST_MS; !signal.aborted; ) {
      try {
        await this.catchUp();
        if (!signal.aborted) await this.publishDue();
        retryMs = RETRY_FIRST_MS;
        await clock.sleep(PAUSE_MS, signal);
      } catch (error) {
        if (!(error instanceof LogError) || !isTransientCode(error.code)) throw error;
        observer?.failed(error, retryMs);
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  /** Reads all blocks that are committed now. */
  async catchUp(): Promise<void> {
    for (const [partition, cursor] of this.#cursors.entries()) {
      for (let headers = await cursor.next(); headers !== null && !this.#stop.signal.aborted; headers = await cursor.next()) {
        for (const { news, eventTimeMinMs } of headers) {
          if (news !== undefined) this.#aggregation.take(partition, news);
          if (eventTimeMinMs !== null) this.#hour = Math.floor(eventTimeMinMs / HOUR_MS);
        }
        this.#progressAtMs = this.#options.clock.monotonicMs();
        await this.#options.clock.turn();
      }
    }
    this.#progressAtMs = this.#options.clock.monotonicMs();
  }

  /** Says what there is to say and was not said yet. Answers the number of records that every partition got. */
  async publishDue(): Promise<number> {
    this.#due.push(...this.#aggregation.changes());
    let said = 0;
    for (let [first] = this.#due; first !== undefined; [first] = this.#due) {
      if (!(await wasSaid(this.#options.log, first))) {
        await this.#say(first);
        said++;
      }
      this.#due.shift();
    }
    return said;
  }

  async #say(saying: Saying): Promise<void> {
    const { clock, publish, observer } = this.#options;
    const { about, block, level, prior } = saying;
    // Where facts are signed none may be older than the one before.
    this.#timeMs = Math.max(clock.nowMs(), this.#timeMs);
    await publish({ id: `${about}/${block}/${level}`, timeMs: this.#timeMs, data: prior }, putSaid(saying));
    observer?.published(prior.kind, 1);
  }
}
