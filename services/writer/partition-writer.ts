/**
 * One partition's blocks into the warehouse, each exactly once in every total:
 * 1. claim the partition, which fences whoever wrote it; only then read the position;
 * 2. note the intended range; a crash from here on repeats exactly that range;
 * 3. insert rows, ledger entries, erasures, and where it is asked for counts of the blocks;
 * 4. move the position behind the range.
 */
import { type EventLog, LogError, type Owner } from '../platform/log/event-log.ts';
import { blocksOf } from '../domain/results/block.ts';
import { readBatches } from '../platform/log/read-batches.ts';
import { decodeWriterNote, encodeWriterNote, type WriterNote } from '../platform/log/writer-note.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { foreignResults } from './foreign-results.ts';
import { type Group, type GroupLimits, readGroup } from './group.ts';
import { countGroup, eraseUsers, insertGroup } from './insert-group.ts';
import { BlockGap, writerStanding } from './lost-blocks.ts';

const READ = { maxRecords: 16, maxBytes: 16 * 1024 * 1024 };

export interface PartitionWriterOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly limits: GroupLimits;
  /** Whether blocks are counted when they are stored. @default false */
  readonly countsBlocks?: boolean;
}

export type WriteResult =
  | { readonly status: 'written'; readonly group: Group }
  | { readonly status: 'idle' }
  | { readonly status: 'fenced' };

export class PartitionWriter {
  readonly #options: PartitionWriterOptions;
  readonly #owner: Owner;
  #offset: number;
  #note: WriterNote;
  /** ClickHouse was found to have no results of this log that another folder made (foreign-results.ts). */
  #isStoreOurs = false;

  private constructor(options: PartitionWriterOptions, owner: Owner, offset: number, note: WriterNote) {
    this.#options = options;
    this.#owner = owner;
    this.#offset = offset;
    this.#note = note;
  }

  static async take(options: PartitionWriterOptions): Promise<PartitionWriter> {
    const { log, partition } = options;
    const owner = await log.claim('writer', partition);
    const position = await log.position('writer', partition);
    const note = position === null ? { next: 0 } : decodeWriterNote(position.note);
    return new PartitionWriter(options, owner, position?.offset ?? 0, note);
  }

  get partition(): number {
    return this.#options.partition;
  }

  /** Next offset in `ntk.results` to write. */
  get offset(): number {
    return this.#offset;
  }

  /** Next source offset whose result is not stored yet. */
  get storedUpTo(): number {
    return this.#note.next;
  }

  /** Writes the next group. After an error drop this writer and take the partition again. */
  async step(): Promise<WriteResult> {
    const { log, warehouse, countsBlocks = false } = this.#options;
    const group = await this.#read();
    if (group === null) return { status: 'idle' };
    // The first must follow what is stored; behind it a group ends before a block that does not follow.
    if (group.headers[0]!.first !== this.#note.next)
      throw new BlockGap(group.partition, this.#note.next, group.headers[0]!.first);
    const { next } = group.headers.at(-1)!;
    // Once is enough: whoever else owned the partition inserts nothing behind this group from here on.
    if (!this.#isStoreOurs) {
      const foreign = await foreignResults(warehouse, log.logId, this.#note.next, group);
      // Who stood still meanwhile has to find out first whether they are those of the next owner.
      if (foreign !== null && !(await this.#move(this.#offset, this.#note))) return { status: 'fenced' };
      if (foreign !== null) throw foreign;
      this.#isStoreOurs = true;
    }
    // 2. What is intended, before anything is inserted.
    if (!(await this.#move(this.#offset, { next: this.#note.next, to: group.to }, true))) return { status: 'fenced' };
    // 3. A repeat of the same range adds nothing to any total.
    await insertGroup(warehouse, log.logId, group);
    if (countsBlocks) await countGroup(warehouse, log.logId, group);
    // 4. Only now is it behind us.
    if (await this.#move(group.to, { next })) return { status: 'written', group };
    await this.#eraseAgain(group);
    return { status: 'fenced' };
  }

  /**
   * Somebody took the partition while the group was inserted, perhaps long ago: this process may have stood still. Then the rows may
   * have come after their users were erased, and where the token was forgotten meanwhile they are there again.
   */
  async #eraseAgain({ to }: Group): Promise<void> {
    const { log, warehouse, partition } = this.#options;
    for await (const batch of readBatches(log, 'results', partition, READ, to)) {
      const erasures = [...blocksOf(batch)].flatMap(({ header }) => header.erasures);
      await eraseUsers(warehouse, log.logId, partition, erasures);
    }
  }

  async #read(): Promise<Group | null> {
    const { log, partition, limits } = this.#options;
    const read = (): Promise<Group | null> => readGroup(log, partition, this.#offset, limits, this.#note.to ?? null);
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'log_offset_out_of_range') throw error;
      // The start of the blocks moved. Nothing is lost if only what is stored went, or nothing but markers of transactions.
      const { from, to, offset } = await writerStanding(log, partition);
      if (from !== to || offset <= this.#offset) throw from < to ? new BlockGap(partition, from, to) : error;
      this.#offset = offset;
      return read();
    }
  }

  /** @param isBarrier what is inserted next must not be ahead of the log, whatever fails */
  async #move(offset: number, note: WriterNote, isBarrier = false): Promise<boolean> {
    const { partition } = this.#options;
    const result = await this.#owner.commit({
      position: { consumer: 'writer', partition, offset, note: encodeWriterNote(note) },
      isBarrier,
    });
    if (result.status === 'fenced') return false;
    this.#offset = offset;
    this.#note = note;
    return true;
  }

  async release(): Promise<void> {
    await this.#owner.release();
  }
}
