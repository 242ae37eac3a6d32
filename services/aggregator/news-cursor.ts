/** Walks over the blocks of one partition for what they have to tell others, from the first block that is still there. */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { blocksOf } from '../domain/results/block.ts';
import { type EventLog, LogError, type RecordBatch } from '../platform/log/event-log.ts';

/** A block is up to 4 MiB; at least one is read, whatever its size. */
const READ = { maxRecords: 64, maxBytes: 1024 * 1024 };

export class NewsCursor {
  readonly #log: Pick<EventLog, 'read' | 'bounds'>;
  readonly #partition: number;
  /** Null before the first read: where the log begins is not known yet. */
  #offset: number | null = null;

  constructor(log: Pick<EventLog, 'read' | 'bounds'>, partition: number) {
    this.#log = log;
    this.#partition = partition;
  }

  /** Headers of the next blocks; null at the end of what is committed. */
  async next(): Promise<BlockHeader[] | null> {
    const batch = await this.#read();
    if (batch.count === 0 && batch.nextOffset === this.#offset) return null;
    this.#offset = batch.nextOffset;
    return Array.from(blocksOf(batch), ({ header }) => header);
  }

  async #read(): Promise<RecordBatch> {
    this.#offset ??= (await this.#log.bounds('results', this.#partition)).start;
    try {
      return await this.#log.read('results', this.#partition, this.#offset, READ);
    } catch (error) {
      // Blocks that went because of their age tell nothing any more; nothing that has to be exact is made from them.
      if (!(error instanceof LogError) || error.code !== 'log_offset_out_of_range') throw error;
      this.#offset = (await this.#log.bounds('results', this.#partition)).start;
      return this.#log.read('results', this.#partition, this.#offset, READ);
    }
  }
}
