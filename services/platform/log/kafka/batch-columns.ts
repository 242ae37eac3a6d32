/** Puts records of several Kafka batches together as one {@link RecordBatch}, within the reader's limits. */
import type { ReadLimits, RecordBatch } from '../event-log.ts';
import type { DecodedBatch } from './record-batch.ts';

/** Most reads hold no more; larger ones grow to what they need. */
const RECORDS_FIRST = 1_024;
const BYTES_FIRST = 256 * 1024;

export class BatchColumns {
  readonly #limits: ReadLimits;
  #bytes: Buffer;
  #starts: Uint32Array;
  #offsets: Float64Array;
  #times: Float64Array;
  #origins: Uint8Array;
  #count = 0;
  #length = 0;

  /** @param bytes that the values are expected to have */
  constructor(limits: ReadLimits, bytes = BYTES_FIRST) {
    this.#limits = limits;
    this.#bytes = memoryOf(limits, bytes);
    const { starts, offsets, appendedAtMs, origins } = limits.recycled ?? {
      starts: new Uint32Array(RECORDS_FIRST + 1),
      offsets: new Float64Array(RECORDS_FIRST),
      appendedAtMs: new Float64Array(RECORDS_FIRST),
      origins: new Uint8Array(RECORDS_FIRST),
    };
    // Of a batch that is used again all of the memory, and not what it had records for.
    this.#starts = new Uint32Array(starts.buffer);
    this.#offsets = new Float64Array(offsets.buffer);
    this.#times = new Float64Array(appendedAtMs.buffer);
    this.#origins = new Uint8Array(origins.buffer);
    this.#starts[0] = 0;
  }

  /** Of all values taken. */
  get length(): number {
    return this.#length;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes the batch's records from `offset` on. Answers whether all of them fitted. A null value is a record without bytes. */
  take(batch: DecodedBatch, offset: number): boolean {
    const { maxRecords, maxBytes } = this.#limits;
    for (let i = 0; i < batch.count; i++) {
      if (batch.offsets[i]! < offset) continue;
      const length = Math.max(0, batch.valueLengths[i]!);
      if (this.#count > 0 && (this.#count >= maxRecords || this.#length + length > maxBytes)) return false;
      this.#reserve(length);
      const start = batch.valueStarts[i]!;
      batch.body.copy(this.#bytes, this.#length, start, start + length);
      this.#offsets[this.#count] = batch.offsets[i]!;
      this.#times[this.#count] = batch.timesMs[i]!;
      this.#origins[this.#count] = batch.origins[i]!;
      this.#length += length;
      this.#count++;
      this.#starts[this.#count] = this.#length;
    }
    return true;
  }

  #reserve(length: number): void {
    if (this.#length + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    if (this.#count < this.#offsets.length) return;
    const records = this.#offsets.length * 2;
    this.#starts = grown(this.#starts, new Uint32Array(records + 1));
    this.#offsets = grown(this.#offsets, new Float64Array(records));
    this.#times = grown(this.#times, new Float64Array(records));
    this.#origins = grown(this.#origins, new Uint8Array(records));
  }

  /** Behind the last record, or `offset` when there is none. */
  nextOffset(offset: number): number {
    return this.#count === 0 ? offset : this.#offsets[this.#count - 1]! + 1;
  }

  finish(partition: number, offset: number): RecordBatch {
    const count = this.#count;
    return {
      partition,
      count,
      bytes: this.#bytes.subarray(0, this.#length),
      starts: this.#starts.subarray(0, count + 1),
      offsets: this.#offsets.subarray(0, count),
      appendedAtMs: this.#times.subarray(0, count),
      origins: this.#origins.subarray(0, count),
      nextOffset: this.nextOffset(offset),
    };
  }
}

/** Never a part of something else, as the columns are not either, so that all of it can be had back from a batch. */
function memoryOf({ recycled }: ReadLimits, bytes: number): Buffer {
  const memory = recycled?.bytes.buffer;
  return memory !== undefined && memory.byteLength >= bytes ? Buffer.from(memory) : Buffer.allocUnsafeSlow(bytes);
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
