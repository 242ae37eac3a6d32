/**
 * Newest values of the keys of one compacted partition. Kafka has no look-up by key: the partition is read once from its start, then
 * on from there with each question; of each key only the offset of its newest record is kept, and the value is fetched from there.
 */
import { LogError } from '../event-log.ts';
import type { PartitionFetcher } from './partition-fetcher.ts';
import { type DecodedBatch, decodeBatch, type RawBatch } from './record-batch.ts';

const SCAN_FETCH_BYTES = 4 * 1024 * 1024;
/** One batch: the broker sends a first one whatever its size. */
const ONE_BATCH_BYTES = 1;
/** A value may be overwritten and compacted away between looking up and fetching it. */
const LOOK_UPS_MAX = 10;

export function encodeKey(key: string): Buffer {
  // Any other string would become another one in UTF-8, and two keys might become the same.
  if (!key.isWellFormed()) throw new RangeError('a key has to be well-formed Unicode');
  return Buffer.from(key);
}

export class KeyedPartition {
  readonly #fetcher: PartitionFetcher;
  readonly #offsets = new Map<string, number>();
  #nextOffset: number | null = null;
  #scanning: Promise<void> | null = null;
  /** Values that lie together are asked for in a row: what was fetched, and the batch of it that was decoded last. */
  #fetched: readonly RawBatch[] = [];
  #recent: DecodedBatch | null = null;

  constructor(fetcher: PartitionFetcher) {
    this.#fetcher = fetcher;
  }

  /** @throws LogError */
  async get(key: string): Promise<Buffer | null> {
    await this.#catchUp();
    return this.#value(key, ONE_BATCH_BYTES);
  }

  /** Of those of these keys that have one, in the order in which they lie. @throws LogError */
  async *values(keys: readonly string[]): AsyncGenerator<{ key: string; value: Buffer }> {
    await this.#catchUp();
    const places = keys.map((key) => ({ key, offset: this.#offsets.get(key) ?? -1 })).filter(({ offset }) => offset >= 0);
    try {
      for (const { key } of places.toSorted((a, b) => a.offset - b.offset)) {
        const value = await this.#value(key, SCAN_FETCH_BYTES);
        if (value !== null) yield { key, value };
      }
    } finally {
      // Some megabytes, which nobody asks for again.
      this.#fetched = [];
      this.#recent = null;
    }
  }

  /** Keys ascending by code unit. Those that change meanwhile come as they are when their turn is. @throws LogError */
  async *entries(prefix: string): AsyncGenerator<{ key: string; value: Buffer }> {
    await this.#catchUp();
    const keys = [...this.#offsets.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    for (const key of keys) {
      const value = await this.#value(key, ONE_BATCH_BYTES);
      if (value !== null) yield { key, value };
    }
  }

  async #value(key: string, fetchBytes: number): Promise<Buffer | null> {
    for (let attempt = 1; attempt <= LOOK_UPS_MAX; attempt++) {
      const offset = this.#offsets.get(key);
      if (offset === undefined) return null;
      const value = valueAt(this.#recent, offset) ?? (await this.#fetchValue(offset, fetchBytes));
      if (value !== null && value !== 'gone') return value;
      // Compacted away: there is a newer one, or the key was removed, and so long ago that its removal was compacted away, too.
      await this.#catchUp();
      if (value === 'gone' && this.#offsets.get(key) === offset) this.#offsets.delete(key);
    }
    throw new LogError('log_busy', 'a value changes faster than it can be read; try again');
  }

  /** `gone`: the log goes on behind the offset and has nothing there. Null: nobody can tell now. */
  async #fetchValue(offset: number, fetchBytes: number): Promise<Buffer | 'gone' | null> {
    const holds = ({ baseOffset, lastOffset }: RawBatch): boolean => baseOffset <= offset && offset <= lastOffset;
    let batch = this.#fetched.find(holds);
    if (batch === undefined) {
      const { batches, nextOffset } = await this.#fetcher.fetch(offset, fetchBytes);
      this.#fetched = batches;
      batch = batches.find(holds);
      // A leader that does not know everything yet shows an end before the offset.
      if (batch === undefined) return nextOffset > offset ? 'gone' : null;
    }
    this.#recent = decodeBatch(batch);
    return valueAt(this.#recent, offset) ?? 'gone';
  }

  /** Everything that was committed before this call is known after it. */
  async #catchUp(): Promise<void> {
    // A scan that began before this call may have asked for the end before it too.
    await this.#scanning?.catch(() => {});
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = null;
    });
    await this.#scanning;
  }

  async #scan(): Promise<void> {
    const { start, stable } = await this.#fetcher.ends();
    let next = Math.max(start, this.#nextOffset ?? start);
    for await (const { batches, nextOffset } of this.#fetcher.between(next, stable, SCAN_FETCH_BYTES)) {
      for (const batch of batches) this.#note(decodeBatch(batch), next);
      next = nextOffset;
      this.#nextOffset = next;
    }
  }

  #note({ count, offsets, body, keyStarts, keyLengths, valueLengths }: DecodedBatch, from: number): void {
    for (let i = 0; i < count; i++) {
      if (offsets[i]! < from || keyLengths[i]! < 0) continue;
      const key = body.toString('utf8', keyStarts[i], keyStarts[i]! + keyLengths[i]!);
      if (valueLengths[i]! < 0) this.#offsets.delete(key);
      else this.#offsets.set(key, offsets[i]!);
    }
  }
}

function valueAt(batch: DecodedBatch | null, offset: number): Buffer | null {
  if (batch === null) return null;
  const i = batch.offsets.indexOf(offset);
  if (i < 0) return null;
  const start = batch.valueStarts[i]!;
  return Buffer.from(batch.body.subarray(start, start + Math.max(0, batch.valueLengths[i]!)));
}
