/**
 * Writing. Commits take effect in the order in which they were asked for, each wholly or not at all; those that are asked for together share
 * one SQLite transaction, since the disk takes as long for one as for many. The order matters:
 * 1. segments are encoded before the write lock is taken, so that nobody waits for zstd;
 * 2. inside the transaction the owner's epoch is checked first: an owner that was fenced writes nothing;
 * 3. appends, puts, position; whatever fails undoes all of it, and each is tried by itself, so that one does not fail for another;
 * 4. COMMIT returns when the disk has it, where the log waits for that (format.ts); only then are waiting readers told.
 */
import type { DatabaseSync } from 'node:sqlite';
import { checkPartition, checkValue } from '../check-arguments.ts';
import { type AppendStream, type CommitResult, ORIGIN, type Position, type Transaction } from '../event-log.ts';
import { type EncodedSegment, encodeSegments, VALUE_BYTES_MAX } from '../segment.ts';
import { flushing, type SyncMode } from './format.ts';
import { encodeKey } from './keys.ts';
import type { OpenedFile } from './opened-file.ts';
import type { RecentSegment, RecentSegments } from './recent-segments.ts';
import { asLogError } from './sqlite-error.ts';
import type { HeadRow, Statements } from './statements.ts';

export interface Epoch {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly epoch: number;
}

/** A commit that waits for its turn. */
interface Waiting {
  readonly transaction: Transaction;
  readonly owner: Epoch | null;
  readonly encoded: readonly EncodedAppend[];
  readonly done: PromiseWithResolvers<CommitResult>;
}

interface EncodedAppend {
  readonly stream: AppendStream;
  readonly partition: number;
  readonly origin: number;
  readonly segments: readonly EncodedSegment[];
}

interface TransactionWriterOptions {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  readonly path: string;
  readonly file: OpenedFile;
  readonly partitions: number;
  readonly clock: { nowMs(): number };
  readonly syncMode: SyncMode;
  readonly recent: RecentSegments;
  /** Called after the commit for each stream that has more records now. */
  readonly onAppended: (stream: AppendStream) => void;
}

export class TransactionWriter {
  readonly #options: TransactionWriterOptions;
  /** In the order in which they were asked for. */
  readonly #waiting: Waiting[] = [];

  constructor(options: TransactionWriterOptions) {
    this.#options = options;
  }

  /** @throws RangeError for a partition that is not there or a value that is too large, before anything is written */
  async commit(transaction: Transaction, owner: Epoch | null): Promise<CommitResult> {
    const { appends = [], puts = [], position } = transaction;
    const { partitions } = this.#options;
    for (const { partition, value } of puts) {
      checkPartition(partition, partitions);
      if (value !== null) checkValue(value, VALUE_BYTES_MAX);
    }
    if (position !== undefined) checkPartition(position.partition, partitions);
    const encoded = appends.map(({ stream, partition, values, origin = ORIGIN.live }): EncodedAppend => {
      checkPartition(partition, partitions);
      return { stream, partition, origin, segments: encodeSegments(values) };
    });
    const done = Promise.withResolvers<CommitResult>();
    if (this.#waiting.push({ transaction, encoded, owner, done }) === 1) setImmediate(() => this.#writeAll());
    return done.promise;
  }

  /** Settles when what was asked for so far is written, or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#waiting.map(({ done }) => done.promise));
  }

  #writeAll(): void {
    this.#writeGroup(this.#waiting.splice(0));
  }

  #writeGroup(group: readonly Waiting[]): void {
    const { db, syncMode } = this.#options;
    const appended: RecentSegment[] = [];
    const write = (): CommitResult[] => this.run(() => group.map((each) => this.#write(each, appended)));
    const isFlushed = syncMode === 'barriers' && group.some(({ transaction }) => transaction.isBarrier === true);
    let results: CommitResult[];
    try {
      results = isFlushed ? flushing(db, write) : write();
    } catch (error) {
      if (group.length === 1) group[0]!.done.reject(error);
      else for (const each of group) this.#writeGroup([each]);
      return;
    }
    for (const segment of appended) this.#options.recent.add(segment);
    for (const stream of new Set(appended.map((segment) => segment.stream))) this.#options.onAppended(stream);
    for (const [i, { done }] of group.entries()) done.resolve(results[i]!);
  }

  /** @param appended gets what is appended */
  #write({ transaction, owner, encoded }: Waiting, appended: RecentSegment[]): CommitResult {
    const { puts = [], position } = transaction;
    if (owner !== null && !this.#isCurrent(owner)) return { status: 'fenced' };
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const baseOffsets = encoded.map((append) => this.#append(append, nowMs, appended));
    for (const put of puts) this.#put(put);
    if (position !== undefined) {
      this.#options.statements.setPosition.run(position.consumer, position.partition, position.offset, position.note);
    }
    return { status: 'committed', baseOffsets };
  }

  /** Runs `work` in a transaction. Undone when it throws. */
  run<Result>(work: () => Result): Result {
    const { db, statements, path, file } = this.#options;
    try {
      statements.begin.run();
      file.check();
      const result = work();
      statements.commit.run();
      return result;
    } catch (error) {
      this.#undo(db);
      throw asLogError(error, path);
    }
  }

  #undo(db: DatabaseSync): void {
    // After a full disk SQLite has rolled back by itself.
    if (!db.isOpen || !db.isTransaction) return;
    try {
      this.#options.statements.rollback.run();
    } catch {
      // The first error says what happened; the transaction ends with the connection.
    }
  }

  #isCurrent({ role, partition, epoch }: Epoch): boolean {
    return this.#options.statements.epoch.get(role, partition)?.epoch === epoch;
  }

  /** Answers the first offset that was given. */
  #append({ stream, partition, origin, segments }: EncodedAppend, nowMs: number, appended: RecentSegment[]): number {
    const { statements } = this.#options;
    const head = statements.head.get(stream, partition) as HeadRow | undefined;
    const base = head?.next ?? 0;
    if (segments.length === 0) return base;
    // A clock that is set back must not make event times depend on it twice: within a partition append times never fall.
    const appendedAtMs = Math.max(nowMs, head?.appendedAtMs ?? 0);
    let next = base;
    for (const { data, count, valueBytes, decoded } of segments) {
      statements.insertSegment.run(stream, partition, next, count, valueBytes, appendedAtMs, origin, data);
      appended.push({ stream, partition, base: next, count, valueBytes, appendedAtMs, origin, segment: decoded });
      next += count;
    }
    statements.setHead.run(stream, partition, next, appendedAtMs);
    return base;
  }

  #put({ stream, partition, key, value }: NonNullable<Transaction['puts']>[number]): void {
    const { statements } = this.#options;
    if (value === null) statements.deleteKeyed.run(stream, partition, encodeKey(key));
    else statements.putKeyed.run(stream, partition, encodeKey(key), value);
  }
}
