/**
 * Reading a partition of a stream that only grows. Positions come from the caller and from nowhere else: there is no group, and
 * nothing is ever reset.
 *
 * Markers and records that were given up take offsets too, and only Fetch can tell them from records. So that consumers need not
 * know of them, the end of a partition is behind its last committed record, and a batch's next offset behind its last record:
 * who has read everything stands exactly at the end. For the same reason it still begins there when retention has removed what lies
 * behind that record, as long as it is known that these were no records (clear-stretches.ts).
 */
import { LogError, type ReadLimits, type RecordBatch } from '../event-log.ts';
import { BatchColumns } from './batch-columns.ts';
import { ClearStretches } from './clear-stretches.ts';
import type { FetchedBatches, PartitionFetcher } from './partition-fetcher.ts';
import { decodeHostBatch } from './host-batch.ts';
import type { DecodedBatch, RawBatch } from './record-batch.ts';
import { recordColumns } from './record-columns.ts';

/** Compressed; records become about ten times that. What a reader's limits leave over is kept for its next read. */
const FETCH_BYTES_MIN = 64 * 1024;
const FETCH_BYTES_MAX = 4 * 1024 * 1024;
const BYTES_EXPECTED_MIN = 4 * 1024;
const BYTES_SPARE = 1.05;
/** A transaction's marker comes right behind its records: in most cases the last record lies in the first window. */
const WINDOW_FIRST = 2;
const WINDOW_FETCH_BYTES = 1024 * 1024;

/** Columns of larger batches are not kept for the next: with these a partition has 340 KB. */
const COLUMN_RECORDS_MAX = 8_192;

interface Ahead {
  /** Where the next read has to begin to have any use of this. */
  readonly offset: number;
  readonly batches: readonly RawBatch[];
  /** The first of them, if it was decoded already. */
  readonly decoded: DecodedBatch | null;
  /** Behind the last batch or marker that was fetched with them. */
  readonly seenTo: number;
}

interface LastRecord {
  readonly offset: number;
  readonly value: Buffer;
}

export class PartitionReader {
  readonly #fetcher: PartitionFetcher;
  readonly #partition: number;
  #ahead: Ahead | null = null;
  #bytesRead = 0;
  /** Of the batch that was decoded last. `#ahead` may need them still: what it has is taken before another is decoded. */
  #columns = recordColumns(0);
  /** Nothing committed lies between `end` and `stable`: need not be looked for again. */
  #knownEnd: { readonly stable: number; readonly end: number } | null = null;

  readonly clear: ClearStretches;

  constructor(fetcher: PartitionFetcher, partition: number, clear = new ClearStretches()) {
    this.#fetcher = fetcher;
    this.#partition = partition;
    this.clear = clear;
  }

  /** @throws LogError */
  async read(offset: number, limits: ReadLimits): Promise<RecordBatch> {
    // As much as the last time and a little more, so that it does not grow: garbage beside the heap makes the collector run, too.
    const columns = new BatchColumns(limits, Math.max(BYTES_EXPECTED_MIN, Math.ceil(this.#bytesRead * BYTES_SPARE)));
    const ahead = this.#ahead;
    if (ahead !== null && ahead.offset === offset) {
      this.#take(columns, ahead, offset);
      return columns.finish(this.#partition, offset);
    }
    const fetchBytes = Math.min(FETCH_BYTES_MAX, Math.max(FETCH_BYTES_MIN, limits.maxBytes));
    for (let next = this.clear.behind(offset); ; ) {
      const { batches, nextOffset, seenTo, stableOffset } = await this.#fetch(next, fetchBytes);
      this.#take(columns, { batches, decoded: null, seenTo }, offset);
      if (columns.count > 0 || nextOffset >= stableOffset) return columns.finish(this.#partition, offset);
      next = nextOffset;
    }
  }

  /** Where only markers were removed, from behind them on: nothing is missing. */
  async #fetch(offset: number, maxBytes: number): Promise<FetchedBatches> {
    try {
      return await this.#fetcher.fetch(offset, maxBytes);
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'log_offset_out_of_range') throw error;
      const { start } = await this.#fetcher.ends();
      if (offset >= start || (await this.clear.begin(start)) > offset) throw error;
      return this.#fetcher.fetch(start, maxBytes);
    }
  }

  /** Takes what fits and keeps the rest. */
  #take(columns: BatchColumns, fetched: Omit<Ahead, 'offset'>, offset: number): void {
    this.#takeAll(columns, fetched, offset);
    this.#bytesRead = columns.length;
  }

  #takeAll(columns: BatchColumns, { batches, decoded: first, seenTo }: Omit<Ahead, 'offset'>, offset: number): void {
    this.#ahead = null;
    for (const [i, batch] of batches.entries()) {
      const decoded = i === 0 && first !== null ? first : this.#decoded(batch);
      if (columns.take(decoded, offset)) continue;
      this.#ahead = { offset: columns.nextOffset(offset), batches: batches.slice(i), decoded, seenTo };
      return;
    }
    this.clear.seen({ from: columns.nextOffset(offset), to: seenTo });
  }

  /** What was decoded before is gone from its columns. */
  #decoded(batch: RawBatch): DecodedBatch {
    const { count } = batch;
    if (count <= COLUMN_RECORDS_MAX && count > this.#columns.offsets.length) this.#columns = recordColumns(count);
    return decodeHostBatch(batch, this.#columns);
  }

  /** The newest committed record. @throws LogError */
  async last(): Promise<LastRecord | null> {
    const { start, stable } = await this.#fetcher.ends();
    return this.#lastBetween(start, stable);
  }

  /** @throws LogError */
  async bounds(): Promise<{ start: number; end: number }> {
    const { start, stable } = await this.#fetcher.ends();
    if (this.#knownEnd?.stable !== stable) {
      const last = await this.#lastBetween(start, stable);
      this.#knownEnd = { stable, end: last === null ? 0 : last.offset + 1 };
    }
    const begin = await this.clear.begin(start);
    return { start: begin, end: Math.max(begin, this.#knownEnd.end) };
  }

  /** Looks in windows that grow backwards from the end: a row of given up transactions may be long. */
  async #lastBetween(start: number, stable: number): Promise<LastRecord | null> {
    for (let window = WINDOW_FIRST, end = stable; end > start; window *= 2) {
      const from = Math.max(start, stable - window);
      const found = await this.#lastOfWindow(from, end);
      if (found !== null) return found;
      end = from;
    }
    return null;
  }

  async #lastOfWindow(from: number, end: number): Promise<LastRecord | null> {
    let last: RawBatch | undefined;
    for await (const { batches } of this.#fetcher.between(from, end, WINDOW_FETCH_BYTES)) last = batches.at(-1) ?? last;
    if (last === undefined) return null;
    const { count, offsets, body, valueStarts, valueLengths } = decodeHostBatch(last);
    const i = count - 1;
    const start = valueStarts[i]!;
    return { offset: offsets[i]!, value: Buffer.from(body.subarray(start, start + Math.max(0, valueLengths[i]!))) };
  }
}
