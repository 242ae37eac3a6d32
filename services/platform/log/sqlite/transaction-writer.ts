/**
 * Writing: one SQLite transaction for each commit. The order matters:
 * 1. segments are encoded before the write lock is taken, so that nobody waits for zstd;
 * 2. inside the transaction the owner's epoch is checked first: an owner that was fenced writes nothing;
 * 3. appends, puts, position; whatever fails undoes all of it;
 * 4. COMMIT returns when the disk has it; only then are waiting readers told.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type AppendStream, type CommitResult, ORIGIN, type Position, type Transaction } from '../event-log.ts';
import { type EncodedSegment, encodeSegments, VALUE_BYTES_MAX } from '../segment.ts';
import { encodeKey } from './keys.ts';
import { asLogError } from './sqlite-error.ts';
import type { HeadRow, Statements } from './statements.ts';

export interface Epoch {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly epoch: number;
}

interface EncodedAppend {
  readonly stream: AppendStream;
  readonly partition: number;
  readonly origin: number;
  readonly segments: readonly EncodedSegment[];
}

export interface TransactionWriterOptions {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  readonly path: string;
  readonly partitions: number;
  readonly clock: { nowMs(): number };
  /** Called after the commit for each stream that has more records now. */
  readonly onAppended: (stream: AppendStream) => void;
}

export class TransactionWriter {
  readonly #options: TransactionWriterOptions;

  constructor(options: TransactionWriterOptions) {
    this.#options = options;
  }

  /** @throws RangeError for a partition that is not there or a value that is too large, before anything is written */
  commit(transaction: Transaction, owner: Epoch | null): CommitResult {
    const { appends = [], puts = [], position } = transaction;
    for (const { partition, value } of puts) {
      this.checkPartition(partition);
      if (value !== null && value.length > VALUE_BYTES_MAX)
        throw new RangeError(`a value may have ${VALUE_BYTES_MAX} bytes, this one has ${value.length}`);
    }
    if (position !== undefined) this.checkPartition(position.partition);
    const encoded = appends.map(({ stream, partition, values, origin = ORIGIN.live }): EncodedAppend => {
      this.checkPartition(partition);
      return { stream, partition, origin, segments: encodeSegments(values) };
    });

    const result = this.run((): CommitResult => {
      if (owner !== null && !this.#isCurrent(owner)) return { status: 'fenced' };
      const nowMs = Math.floor(this.#options.clock.nowMs());
      const baseOffsets = encoded.map((append) => this.#append(append, nowMs));
      for (const put of puts) this.#put(put);
      if (position !== undefined) {
        this.#options.statements.setPosition.run(position.consumer, position.partition, position.offset, position.note);
      }
      return { status: 'committed', baseOffsets };
    });
    if (result.status === 'committed') {
      for (const { stream, segments } of encoded) if (segments.length > 0) this.#options.onAppended(stream);
    }
    return result;
  }

  /** Runs `work` in a transaction. Undone when it throws. */
  run<Result>(work: () => Result): Result {
    const { db, statements, path } = this.#options;
    try {
      statements.begin.run();
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

  /** @throws RangeError */
  checkPartition(partition: number): void {
    const { partitions } = this.#options;
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw new RangeError(`partition ${partition} is not one of the log's ${partitions}`);
    }
  }

  #isCurrent({ role, partition, epoch }: Epoch): boolean {
    return this.#options.statements.epoch.get(role, partition)?.epoch === epoch;
  }

  /** Answers the first offset that was given. */
  #append({ stream, partition, origin, segments }: EncodedAppend, nowMs: number): number {
    const { statements } = this.#options;
    const head = statements.head.get(stream, partition) as HeadRow | undefined;
    const base = head?.next ?? 0;
    if (segments.length === 0) return base;
    // A clock that is set back must not make event times depend on it twice: within a partition append times never fall.
    const appendedAtMs = Math.max(nowMs, head?.appendedAtMs ?? 0);
    let next = base;
    for (const { data, count, valueBytes } of segments) {
      statements.insertSegment.run(stream, partition, next, count, valueBytes, appendedAtMs, origin, data);
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
