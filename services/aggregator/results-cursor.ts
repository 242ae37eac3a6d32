/** Walks over the result rows of one partition, from the first block that is still there. */
import { decodeBlock } from '../domain/results/block.ts';
import { RowReader } from '../domain/results/row-reader.ts';
import { type EventLog, LogError, type RecordBatch } from '../platform/log/event-log.ts';

/** A block is up to 4 MiB; at least one is read, whatever its size. Every partition holds what it read last. */
const READ = { maxRecords: 16, maxBytes: 512 * 1024 };
const HOUR_MS = 3_600_000;

export class ResultsCursor {
  readonly #log: Pick<EventLog, 'read' | 'bounds'>;
  readonly #partition: number;
  /** Null before the first read: where the log begins is not known yet. */
  #offset: number | null = null;
  #batch: RecordBatch | null = null;
  #nextInBatch = 0;
  #reader: RowReader | null = null;

  constructor(log: Pick<EventLog, 'read' | 'bounds'>, partition: number) {
    this.#log = log;
    this.#partition = partition;
  }

  /** Stands on this row after {@link fill} answered true, until {@link advance}. */
  get row(): RowReader | null {
    return this.#reader;
  }

  /** Of the row it stands on, since 1970. */
  get hour(): number {
    return Math.floor(this.#reader!.eventTimeMs / HOUR_MS);
  }

  /** The next row of what was read; false at its end, when {@link fill} has to read on. */
  advance(): boolean {
    while (this.#reader === null || !this.#reader.next()) {
      const batch = this.#batch;
      this.#reader = null;
      if (batch === null || this.#nextInBatch >= batch.count) return false;
      const i = this.#nextInBatch++;
      this.#reader = new RowReader(decodeBlock(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1])).rows);
    }
    return true;
  }

  /** Reads on until there is a row; false at the end of what is committed. */
  async fill(): Promise<boolean> {
    while (this.#reader === null) {
      this.#batch = await this.#read();
      this.#nextInBatch = 0;
      if (this.#batch.count === 0 && this.#batch.nextOffset === this.#offset) return false;
      this.#offset = this.#batch.nextOffset;
      if (this.advance()) break;
    }
    return true;
  }

  async #read(): Promise<RecordBatch> {
    this.#offset ??= (await this.#log.bounds('results', this.#partition)).start;
    try {
      return await this.#log.read('results', this.#partition, this.#offset, READ);
    } catch (error) {
      // Blocks that went because of their age are not learned from; nothing that has to be exact is made from them.
      if (!(error instanceof LogError) || error.code !== 'log_offset_out_of_range') throw error;
      this.#offset = (await this.#log.bounds('results', this.#partition)).start;
      return this.#log.read('results', this.#partition, this.#offset, READ);
    }
  }
}
