/**
 * One partition's blocks into the warehouse, each exactly once in every total:
 * 1. claim the partition, which fences whoever wrote it; only then read the position;
 * 2. note the intended range; a crash from here on repeats exactly that range;
 * 3. insert rows, ledger entries, erasures;
 * 4. move the position behind the range.
 */
import type { EventLog, Owner } from '../platform/log/event-log.ts';
import { decodeWriterNote, encodeWriterNote, type WriterNote } from '../platform/log/writer-note.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { type Group, type GroupLimits, readGroup } from './group.ts';
import { insertGroup } from './insert-group.ts';

/** Blocks do not follow one another: something outside removed or doubled them. */
export class BlockGap extends Error {
  constructor(partition: number, expected: number, found: number) {
    super(
      `partition ${partition}: the block after source offset ${expected} begins at ${found}; a block is lost or there twice; run 'ntk verify' to see what is missing, and restore the log from a copy`,
    );
    this.name = 'BlockGap';
  }
}

export interface PartitionWriterOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly limits: GroupLimits;
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
    const { log, warehouse, partition, limits } = this.#options;
    const group = await readGroup(log, partition, this.#offset, limits, this.#note.to ?? null);
    if (group === null) return { status: 'idle' };
    const next = this.#follows(group);
    // 2. What is intended, before anything is inserted.
    if (!(await this.#move(this.#offset, { next: this.#note.next, to: group.to }))) return { status: 'fenced' };
    // 3. A repeat of the same range adds nothing to any total.
    await insertGroup(warehouse, log.logId, group);
    // 4. Only now is it behind us.
    if (!(await this.#move(group.to, { next }))) return { status: 'fenced' };
    return { status: 'written', group };
  }

  /** Blocks follow one another without gap or overlap; answers where the next begins. */
  #follows(group: Group): number {
    let { next } = this.#note;
    for (const header of group.headers) {
      if (header.first !== next) throw new BlockGap(group.partition, next, header.first);
      next = header.next;
    }
    return next;
  }

  async #move(offset: number, note: WriterNote): Promise<boolean> {
    const { partition } = this.#options;
    const result = await this.#owner.commit({
      position: { consumer: 'writer', partition, offset, note: encodeWriterNote(note) },
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
