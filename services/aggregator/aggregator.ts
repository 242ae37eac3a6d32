/**
 * Makes `ntk.prior` from results: one loop that reads the rows of all partitions, in step by the hour of their event time, and says what
 * partitions cannot know of each other. Its state is in memory alone: after a start it reads again what results are still there, and says
 * only what is newer than what it had said. What it says acts from its place in the log on, so verdicts stay a function of the log.
 */
import type { Prior } from '../../schemas/events/prior.ts';
import { Aggregation, type Edition } from '../domain/aggregation/aggregation.ts';
import type { Clock } from '../platform/clock.ts';
import { type EventLog, LogError, type LogErrorCode, type Put } from '../platform/log/event-log.ts';
import { putPublishedNote, readPublishedNote } from './published-note.ts';
import { ResultsCursor } from './results-cursor.ts';

/** One record for every partition. */
export interface PriorRecord {
  /** The same for the same hour, so that a repeat is a duplicate. */
  readonly id: string;
  readonly timeMs: number;
  readonly data: Prior;
}

export interface AggregatorOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Appends a record to every partition, with `put`, in one transaction. */
  readonly publish: (record: PriorRecord, put: Put | null) => Promise<void>;
  readonly observer?: AggregatorObserver;
}

/** Told after the fact. */
export interface AggregatorObserver {
  published(kind: Prior['kind'], records: number): void;
  failed(error: Error, retryInMs: number): void;
}

/** Between two looks at the results. */
const PAUSE_MS = 1_000;
/** Rows after which others in this process have their turn: a few milliseconds. */
const ROWS_A_TURN = 2_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const MENDABLE: ReadonlySet<LogErrorCode> = new Set(['log_busy', 'log_disk_full', 'log_unreachable']);

export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #aggregation: Aggregation;
  readonly #cursors: readonly ResultsCursor[];
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #progressAtMs = 0;
  #rowsThisTurn = 0;

  constructor(options: AggregatorOptions) {
    const { log, clock } = options;
    this.#options = options;
    this.#aggregation = new Aggregation(log.logId);
    this.#cursors = Array.from({ length: log.partitions }, (_, partition) => new ResultsCursor(log, partition));
    this.#progressAtMs = clock.monotonicMs();
  }

  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  /** The hour of event time that it has arrived at, since 1970; null before the first. */
  get hour(): number | null {
    return this.#aggregation.hour;
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
        if (!(error instanceof LogError) || !MENDABLE.has(error.code)) throw error;
        observer?.failed(error, retryMs);
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  /** Reads all rows that are committed now. Partitions go on together: none is hours ahead while another has rows to read. */
  async catchUp(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const open: ResultsCursor[] = [];
      for (const cursor of this.#cursors) if (cursor.row !== null || (await cursor.fill())) open.push(cursor);
      if (open.length === 0) break;
      const hour = open.reduce((first, cursor) => Math.min(first, cursor.hour), Number.POSITIVE_INFINITY);
      for (const cursor of open) await this.#takeUpTo(cursor, hour);
    }
    this.#progressAtMs = this.#options.clock.monotonicMs();
  }

  async #takeUpTo(cursor: ResultsCursor, hour: number): Promise<void> {
    while (cursor.row !== null && cursor.hour <= hour && !this.#stop.signal.aborted) {
      this.#aggregation.take(cursor.row);
      if (++this.#rowsThisTurn >= ROWS_A_TURN) {
        this.#rowsThisTurn = 0;
        this.#progressAtMs = this.#options.clock.monotonicMs();
        await this.#options.clock.turn();
      }
      if (!cursor.advance()) await cursor.fill();
    }
  }

  /** Says what is due and newer than what was said. Answers the number of records that every partition got. */
  async publishDue(): Promise<number> {
    let records = 0;
    for (const edition of this.#aggregation.due()) records += await this.#publish(edition);
    return records;
  }

  async #publish({ hour, kind, priors }: Edition): Promise<number> {
    const { log, clock, publish, observer } = this.#options;
    const note = await readPublishedNote(log);
    if (hour <= note[kind]) return 0;
    const timeMs = Math.max(clock.nowMs(), note.timeMs);
    for (const [i, data] of priors.entries()) {
      // Killed in between, it says the edition again: what is there already is a duplicate.
      const isLast = i === priors.length - 1;
      const put = isLast ? putPublishedNote({ ...note, [kind]: hour, timeMs }) : null;
      await publish({ id: `${kind}/${hour}/${i}`, timeMs, data }, put);
    }
    observer?.published(kind, priors.length);
    return priors.length;
  }
}
