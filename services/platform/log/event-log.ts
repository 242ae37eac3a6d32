/**
 * Port: the log. Streams of records in numbered partitions, transactions over several of them, owners that fence one another.
 * Adapters: sqlite/ (embedded) and Apache Kafka. Every adapter passes test/platform/log/event-log-contract.ts.
 *
 * Offsets are safe integers; they grow within a partition and may have gaps (Kafka's transaction markers).
 */
import { ORIGIN, type Origin } from '../../../schemas/codes.ts';

/** Streams that only grow. */
export type AppendStream = 'access' | 'results' | 'verdicts' | 'rejects';
/** Streams of which only the newest value of a key counts (compacted on Kafka). */
export type KeyedStream = 'checkpoints' | 'imports';

export { ORIGIN, type Origin };

/**
 * Records of one partition in the order of their offsets, as columns: a record is `bytes[starts[i], starts[i + 1])`.
 * No object a record, because the scorer's budget is six microseconds for each.
 */
export interface RecordBatch {
  readonly partition: number;
  readonly count: number;
  readonly bytes: Buffer;
  /** `count + 1` positions in `bytes`. */
  readonly starts: Uint32Array;
  readonly offsets: Float64Array;
  readonly appendedAtMs: Float64Array;
  readonly origins: Uint8Array;
  /** Where to go on reading. Past the last record's offset; equals the asked offset when `count` is 0. */
  readonly nextOffset: number;
}

export interface Append {
  readonly stream: AppendStream;
  readonly partition: number;
  readonly values: readonly Uint8Array[];
  /**
   * What each value is about, for readers that look for it: hosts find their verdicts by program. As many as values. Has no say in
   * where a value goes, and an adapter that has no use for keys does without, so that who gives a function pays only where keys are
   * stored. @default none
   */
  readonly keys?: readonly (string | null)[] | ((value: Uint8Array) => string | null);
  /** Default `live`. */
  readonly origin?: Origin;
}

/** Sets (or with `null` removes) the value of a key. */
export interface Put {
  readonly stream: KeyedStream;
  readonly partition: number;
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** How far a consumer got in a stream; `note` is the consumer's own (the writer's intended range). */
export interface Position {
  readonly consumer: 'scorer' | 'writer';
  readonly partition: number;
  readonly offset: number;
  readonly note: string;
}

export interface Transaction {
  readonly appends?: readonly Append[];
  readonly puts?: readonly Put[];
  readonly position?: Position;
  /**
   * Something outside of the log follows from this and from what was committed before it, so that all of it has to survive a power failure from
   * here on, also in a log that does not wait for the disk with every commit. @default false
   */
  readonly isBarrier?: boolean;
}

/** An expected outcome is a value: `fenced` means that somebody else owns the partition now and nothing was written. */
export type CommitResult =
  | { readonly status: 'committed' /** First offset given to each append, in order. */; readonly baseOffsets: readonly number[] }
  | { readonly status: 'fenced' };

/** What is stored behind the last record that can be read: it waits for a transaction that has not ended. */
export interface Undecided {
  /** Offsets [from, to), none where they are equal: records that may still be given up and markers are among them. */
  readonly from: number;
  readonly to: number;
  /** When the first of them was appended, milliseconds since 1970; 0 when there is none. */
  readonly sinceMs: number;
}

/** The right to write for one partition in one role. Taking it fences whoever had it. */
export interface Owner {
  readonly role: Position['consumer'];
  readonly partition: number;
  commit(transaction: Transaction): Promise<CommitResult>;
  /** Gives the partition back; later commits are `fenced`. Calling it twice is fine. */
  release(): Promise<void>;
}

export interface ReadLimits {
  /** At least one record is returned when there is one, whatever its size. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** A batch of an earlier read that nobody looks at any more: its memory may be used again. @default none */
  readonly recycled?: RecordBatch | null;
}

export interface ShownOffset {
  readonly offset: number;
  readonly isOurs: boolean;
}

export interface EventLog {
  /** Made with the log, kept in its manifest; a log that was made anew has another one. */
  readonly logId: string;
  readonly partitions: number;

  /**
   * How many there are now, in the topic that has most. More than `partitions` where somebody added some to it: of what is written to those
   * nothing is read, nothing can be taken back, and the log cannot be opened any more.
   */
  partitionsNow(): Promise<{ readonly topic: string; readonly partitions: number }>;

  /** Appends and puts in one transaction, without an owner: hosts, importers, commands. All or nothing. */
  commit(transaction: Omit<Transaction, 'position'>): Promise<{ readonly baseOffsets: readonly number[] }>;

  /** Takes a partition. Only after this may the position be read (architecture.md, what exactness rests on, 1). */
  claim(role: Position['consumer'], partition: number): Promise<Owner>;

  /** Committed records from `offset` on. An offset below the start is an error of code `log_offset_out_of_range`. */
  read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): Promise<RecordBatch>;

  /** The last committed record of a partition, or null. */
  last(stream: AppendStream, partition: number): Promise<{ readonly offset: number; readonly value: Buffer } | null>;

  /** First offset that is still there (equals the end when nothing is) and the offset the next record gets. */
  bounds(stream: AppendStream, partition: number): Promise<{ readonly start: number; readonly end: number }>;

  /** What {@link bounds} does not count yet, though some of it may have been acknowledged to whoever sent it. */
  undecided(stream: AppendStream, partition: number): Promise<Undecided>;

  position(consumer: Position['consumer'], partition: number): Promise<Position | null>;

  /**
   * The offset that tools for lag are shown, for comparing only: anybody may set it. `isOurs` where it is a copy of the position, which may
   * be late. 0 when there is none, null when it cannot be told now.
   */
  shownOffset(consumer: Position['consumer'], partition: number): Promise<ShownOffset | null>;

  /** Newest value of each key, keys ascending by code unit; only keys that begin with `prefix`. */
  readKeyed(
    stream: KeyedStream,
    partition: number,
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }>;

  /** Newest values of those keys that have one, in any order: with many keys much faster than one after the other. */
  getManyKeyed(
    stream: KeyedStream,
    partition: number,
    keys: readonly string[],
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }>;

  /** Newest value of one key, or null. */
  getKeyed(stream: KeyedStream, partition: number, key: string): Promise<Buffer | null>;

  /**
   * Resolves when something may have been appended to the stream since the last call, at the latest after `timeoutMs`, or when aborted.
   * A caller is known by its signal. With `partition`, others need not wake it.
   */
  waitForAppend(stream: AppendStream, timeoutMs: number, signal?: AbortSignal, partition?: number): Promise<void>;

  /** Milliseconds for which records of a stream are kept at least; null when none is deleted because of its age. */
  retentionMs(stream: AppendStream): Promise<number | null>;

  close(): Promise<void>;
}

/** Codes of errors that are not bugs. */
export const LOG_ERROR_CODES = [
  'log_offset_out_of_range',
  'log_busy',
  'log_disk_full',
  'log_corrupt',
  'log_wrong_partitions',
  'log_newer_format',
  'log_unreachable',
] as const;
export type LogErrorCode = (typeof LOG_ERROR_CODES)[number];

/** Whether it may pass while somebody waits, so that the same is tried again. */
export function isTransientCode(code: LogErrorCode): boolean {
  return code === 'log_busy' || code === 'log_disk_full' || code === 'log_unreachable';
}

export class LogError extends Error {
  readonly code: LogErrorCode;
  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
  }
}
