/**
 * Who was in which program lately, and at what intervals: for users of a program (category {@link ANY_CATEGORY}) and of one category of it.
 * A hash table with buckets of eight whose oldest entry gives way, so memory has an end and the newest are remembered; users are keyed
 * hashes of 64 bits, never ids. It is part of the state: what gives way is a function of the log.
 */
import { PageCorruptError } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';

export const ANY_CATEGORY = 255;

const BUCKET = 8;
const ENTRIES_AT_FIRST = 1024;
/** 262,144 entries of 32 bytes: 8 MiB a partition. */
const ENTRIES_MAX = 1 << 18;
const ENTRIES_PER_PAGE = 1024;
const FULL_SHARE = 0.7;

/** Cells of an entry. Whole numbers: hash (two), last call, begin of the use (seconds), calls of the use + 256 * intervals of the rhythm. */
const HASH = 0;
const CHECK = 1;
const LAST = 2;
const USE = 3;
const COUNTS = 4;
/** Floats in the same cells: interval (seconds), evidence for a narrow and for a wide rhythm (nats). */
const INTERVAL = 5;
const NARROW = 6;
const WIDE = 7;
const CELLS = 8;
const CALLS_MASK = 0xff;
/** From a cell to its page: 1,024 entries of eight cells. */
const PAGE_SHIFT = 13;

export class RecentUsers {
  readonly pages = new PageSet('baselineUsers', (page) => this.#encode(page));
  #numbers = new Uint32Array(ENTRIES_AT_FIRST * CELLS);
  #floats = new Float32Array(this.#numbers.buffer);
  #used = 0;

  /** Entries in use. */
  get count(): number {
    return this.#used;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#numbers.byteLength;
  }

  get #entries(): number {
    return this.#numbers.length / CELLS;
  }

  /**
   * The entry of a user, made or taken from who was there longest ago. `isNew` of the answer tells; it is valid until the next call.
   * @param hash two words of a keyed hash of (program, category, user)
   */
  find(hash: number, check: number): { readonly at: number; readonly isNew: boolean } {
    const numbers = this.#numbers;
    // A power of two.
    const bucket = (hash & (numbers.length / CELLS / BUCKET - 1)) * BUCKET;
    const end = (bucket + BUCKET) * CELLS;
    for (let at = bucket * CELLS; at < end; at += CELLS) {
      if (numbers[at + HASH] !== hash >>> 0 || numbers[at + CHECK] !== check >>> 0 || numbers[at + LAST] === 0) continue;
      this.pages.touch(at >>> PAGE_SHIFT);
      FOUND.at = at;
      FOUND.isNew = false;
      return FOUND;
    }
    const at = this.#oldestOf(bucket) * CELLS;
    if (numbers[at + LAST] === 0) this.#used++;
    this.pages.touch(at >>> PAGE_SHIFT);
    numbers.fill(0, at, at + CELLS);
    numbers[at + HASH] = hash;
    numbers[at + CHECK] = check;
    FOUND.at = at;
    FOUND.isNew = true;
    return FOUND;
  }

  /** The first free entry of a bucket, or the one that was seen longest ago. */
  #oldestOf(bucket: number): number {
    let oldest = bucket;
    let age = Number.POSITIVE_INFINITY;
    for (let entry = bucket; entry < bucket + BUCKET; entry++) {
      if (this.#numbers[entry * CELLS + LAST] === 0) return entry;
      const its = this.#ageOf(entry);
      if (its >= age) continue;
      oldest = entry;
      age = its;
    }
    return oldest;
  }

  /** When it was last seen; a rhythm is remembered for two of its intervals more. */
  #ageOf(entry: number): number {
    const at = entry * CELLS;
    const last = this.#numbers[at + LAST]!;
    return this.#numbers[at + COUNTS]! >= 3 << 8 ? last + 2 * this.#floats[at + INTERVAL]! : last;
  }

  /** Makes room when it gets full; entries that were found before are elsewhere then. */
  growIfFull(): void {
    const entries = this.#entries;
    if (entries >= ENTRIES_MAX || this.#used < FULL_SHARE * entries) return;
    const before = this.#numbers;
    // Pages that a checkpoint has not written yet are drawn as they were.
    for (let page = 0; page < Math.ceil((entries * 2) / ENTRIES_PER_PAGE); page++) this.pages.touch(page);
    this.#numbers = new Uint32Array(before.length * 2);
    this.#floats = new Float32Array(this.#numbers.buffer);
    this.#used = 0;
    for (let from = 0; from < before.length; from += CELLS) {
      if (before[from + LAST] === 0) continue;
      const { at } = this.find(before[from + HASH]!, before[from + CHECK]!);
      this.#numbers.set(before.subarray(from, from + CELLS), at);
    }
  }

  last(at: number): number {
    return this.#numbers[at + LAST]!;
  }

  setLast(at: number, seconds: number): void {
    this.#numbers[at + LAST] = seconds;
  }

  useBegan(at: number): number {
    return this.#numbers[at + USE]!;
  }

  /** A use begins with its first call. */
  beginUse(at: number, seconds: number): void {
    this.#numbers[at + USE] = seconds;
    this.#numbers[at + COUNTS] = (this.#numbers[at + COUNTS]! & ~CALLS_MASK) | 1;
  }

  /** One more call of the use; answers how many there are, up to 255. */
  addCall(at: number): number {
    const calls = this.#numbers[at + COUNTS]! & CALLS_MASK;
    if (calls < CALLS_MASK) this.#numbers[at + COUNTS]!++;
    return calls + 1;
  }

  intervals(at: number): number {
    return this.#numbers[at + COUNTS]! >>> 8;
  }

  interval(at: number): number {
    return this.#floats[at + INTERVAL]!;
  }

  narrow(at: number): number {
    return this.#floats[at + NARROW]!;
  }

  wide(at: number): number {
    return this.#floats[at + WIDE]!;
  }

  setRhythm(at: number, intervals: number, interval: number, narrow: number, wide: number): void {
    this.#numbers[at + COUNTS] = (Math.min(intervals, 0xffff) << 8) | (this.#numbers[at + COUNTS]! & CALLS_MASK);
    this.#floats[at + INTERVAL] = interval;
    this.#floats[at + NARROW] = narrow;
    this.#floats[at + WIDE] = wide;
  }

  #encode(page: number): Buffer {
    const from = page * ENTRIES_PER_PAGE * CELLS;
    return Buffer.from(this.#numbers.slice(from, from + ENTRIES_PER_PAGE * CELLS).buffer);
  }

  /** Takes up all stored pages. */
  restore(pages: readonly Buffer[]): void {
    if (pages.length === 0) return;
    const bytesPerPage = ENTRIES_PER_PAGE * CELLS * 4;
    const isPowerOfTwo = (pages.length & (pages.length - 1)) === 0;
    if (!isPowerOfTwo || pages.some(({ length }) => length !== bytesPerPage))
      throw new PageCorruptError('pages of users do not fit');
    const bytes = new Uint8Array(pages.length * bytesPerPage);
    pages.forEach((page, i) => bytes.set(page, i * bytesPerPage));
    this.#numbers = new Uint32Array(bytes.buffer);
    this.#floats = new Float32Array(bytes.buffer);
    for (let at = 0; at < this.#numbers.length; at += CELLS) if (this.#numbers[at + LAST] !== 0) this.#used++;
  }
}

const FOUND = { at: 0, isNew: false };
