/** The log in one SQLite file (WAL), which several processes may open at once. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkPartition } from '../check-arguments.ts';
import {
  type AppendStream,
  type CommitResult,
  type EventLog,
  type KeyedStream,
  LogError,
  type Owner,
  type Position,
  type ReadLimits,
  type RecordBatch,
  type ShownOffset,
  type Transaction,
  type Undecided,
} from '../event-log.ts';
import { AppendSignal } from './append-signal.ts';
import { BatchReader } from './batch-reader.ts';
import type { Manifest, SyncMode } from './format.ts';
import { decodeKey, encodeKey } from './keys.ts';
import { OpenedFile } from './opened-file.ts';
import { type RecentLimits, RecentSegments } from './recent-segments.ts';
import { asLogError } from './sqlite-error.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { type Epoch, TransactionWriter } from './transaction-writer.ts';

/** Segments that retention deletes in one transaction: others wait for the write lock meanwhile. */
const DELETED_SEGMENTS_MAX = 256;

/** Some chunks of an import, and the blocks that wait for the writer. */
const RECENT: RecentLimits = { bytesMax: 24 * 1024 * 1024, segmentsMax: 4_096 };

interface SqliteEventLogOptions {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly manifest: Manifest;
  readonly clock: { nowMs(): number };
  readonly syncMode: SyncMode;
}

/** Made by `openSqliteLog`. SQLite works in this thread: reading takes its time before the call returns; commits take effect one after the other. */
export class SqliteEventLog implements EventLog {
  readonly logId: string;
  readonly partitions: number;
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #writer: TransactionWriter;
  readonly #reader: BatchReader;
  readonly #signal: AppendSignal;
  readonly #recent: RecentSegments;

  constructor({ db, path, manifest, clock, syncMode }: SqliteEventLogOptions) {
    this.logId = manifest.logId;
    this.partitions = manifest.partitions;
    this.path = path;
    this.#db = db;
    this.#statements = prepareStatements(db);
    this.#recent = new RecentSegments(RECENT);
    this.#reader = new BatchReader(this.#statements, path, this.#recent);
    const signal = new AppendSignal(this.#statements);
    this.#signal = signal;
    this.#writer = new TransactionWriter({
      db,
      statements: this.#statements,
      path,
      file: new OpenedFile(path),
      partitions: manifest.partitions,
      clock,
      syncMode,
      recent: this.#recent,
      onAppended: (stream) => signal.appended(stream),
    });
  }

  async commit(transaction: Omit<Transaction, 'position'>): Promise<{ baseOffsets: readonly number[] }> {
    const { appends = [], puts = [], isBarrier = false } = transaction;
    const result = await this.#writer.commit({ appends, puts, isBarrier }, null);
    if (result.status === 'fenced') throw new Error('a commit without an owner cannot be fenced');
    return { baseOffsets: result.baseOffsets };
  }

  async claim(role: Position['consumer'], partition: number): Promise<Owner> {
    checkPartition(partition, this.partitions);
    const epoch = this.#writer.run(() => this.#statements.claim.get(role, partition)!.epoch as number);
    return new SqliteOwner({ role, partition, epoch }, this.#writer);
  }

  async read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): Promise<RecordBatch> {
    checkPartition(partition, this.partitions);
    return this.#guard(() => this.#reader.read(stream, partition, offset, limits));
  }

  async last(stream: AppendStream, partition: number): Promise<{ offset: number; value: Buffer } | null> {
    checkPartition(partition, this.partitions);
    return this.#guard(() => this.#reader.last(stream, partition));
  }

  async bounds(stream: AppendStream, partition: number): Promise<{ start: number; end: number }> {
    checkPartition(partition, this.partitions);
    return this.#guard(() => this.#reader.bounds(stream, partition));
  }

  async position(consumer: Position['consumer'], partition: number): Promise<Position | null> {
    checkPartition(partition, this.partitions);
    const row = this.#guard(() => this.#statements.position.get(consumer, partition)) as
      | { next: number; note: string }
      | undefined;
    return row === undefined ? null : { consumer, partition, offset: row.next, note: row.note };
  }

  /** Tools for lag read the position itself. */
  async shownOffset(consumer: Position['consumer'], partition: number): Promise<ShownOffset | null> {
    return { offset: (await this.position(consumer, partition))?.offset ?? 0, isOurs: true };
  }

  /** One value in memory at a time. Keys that change meanwhile come as they are when their turn is. */
  async *readKeyed(stream: KeyedStream, partition: number, prefix: string): AsyncGenerator<{ key: string; value: Buffer }> {
    checkPartition(partition, this.partitions);
    // A statement that stays open between two values would keep the write-ahead log from being reused: ask anew for each.
    let statement = this.#statements.keyedFrom;
    let from: Uint8Array = encodeKey(prefix);
    for (;;) {
      const row = this.#guard(() => statement.get(stream, partition, from)) as { key: Uint8Array; value: Uint8Array } | undefined;
      if (row === undefined) return;
      const key = this.#keyOf(row.key);
      if (!key.startsWith(prefix)) return;
      yield { key, value: asBuffer(row.value) };
      statement = this.#statements.keyedAfter;
      from = row.key;
    }
  }

  #keyOf(bytes: Uint8Array): string {
    if (bytes.length % 2 !== 0)
      throw new LogError('log_corrupt', `a key in ${this.path} is damaged; restore the data folder from a copy`);
    return decodeKey(bytes);
  }

  async *getManyKeyed(
    stream: KeyedStream,
    partition: number,
    keys: readonly string[],
  ): AsyncGenerator<{ key: string; value: Buffer }> {
    for (const key of keys) {
      const value = await this.getKeyed(stream, partition, key);
      if (value !== null) yield { key, value };
    }
  }

  async getKeyed(stream: KeyedStream, partition: number, key: string): Promise<Buffer | null> {
    checkPartition(partition, this.partitions);
    const row = this.#guard(() => this.#statements.getKeyed.get(stream, partition, encodeKey(key))) as
      | { value: Uint8Array }
      | undefined;
    return row === undefined ? null : asBuffer(row.value);
  }

  async waitForAppend(stream: AppendStream, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.#signal.wait(stream, timeoutMs, signal);
  }

  /**
   * What retention would do: removes the segments that lie wholly before `offset`, some at a time. Their pages are used again; the file
   * does not get smaller. Answers how many records are gone. Not part of the port: Kafka's broker does this by itself, and a data folder
   * keeps its log, so that only tests lose records this way.
   */
  async deleteBefore(stream: AppendStream, partition: number, offset: number): Promise<{ records: number }> {
    checkPartition(partition, this.partitions);
    this.#recent.forget(stream, partition);
    let records = 0;
    for (;;) {
      const rows = this.#writer.run(() => this.#statements.deleteSegments.all(stream, partition, offset, DELETED_SEGMENTS_MAX));
      for (const { count } of rows) records += count as number;
      if (rows.length < DELETED_SEGMENTS_MAX) return { records };
      await nextTurn();
    }
  }

  /** Nothing can be seen of a transaction before its end. */
  async undecided(): Promise<Undecided> {
    return { from: 0, to: 0, sinceMs: 0 };
  }

  async partitionsNow(): Promise<{ readonly topic: string; readonly partitions: number }> {
    return { topic: 'access', partitions: this.partitions };
  }

  /** Nothing is ever deleted. */
  async retentionMs(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    await this.#writer.settled();
    this.#signal.close();
    if (this.#db.isOpen) this.#db.close();
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw asLogError(error, this.path);
    }
  }
}

class SqliteOwner implements Owner {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly #epoch: Epoch;
  readonly #writer: TransactionWriter;
  #isReleased = false;

  constructor(epoch: Epoch, writer: TransactionWriter) {
    this.role = epoch.role;
    this.partition = epoch.partition;
    this.#epoch = epoch;
    this.#writer = writer;
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    return this.#isReleased ? { status: 'fenced' } : this.#writer.commit(transaction, this.#epoch);
  }

  /** Only this object knows the epoch, so that nothing has to be written. */
  async release(): Promise<void> {
    this.#isReleased = true;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
