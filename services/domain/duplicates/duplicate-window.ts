/**
 * The last 262,144 accepted records of a partition by (subject, source, id), as 128-bit keyed hashes: 6 MiB when full. A
 * ring gives the order in which they leave, an open-addressing table (linear probing, backward-shift deletion) the look-up.
 */
import { DUPLICATE_WINDOW_RECORDS } from '../../../schemas/codes.ts';
import { type ByteReader, type ByteWriter, PageCorruptError } from '../state/bytes.ts';
import { PageSet } from '../state/page-set.ts';

const ENTRIES_PER_PAGE = 8192;
const WORDS = 4;
/** Places in the table count from 1, so that its memory is zero, which nobody has to write, until it is used. */
const EMPTY = 0;

export class DuplicateWindow {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #capacity: number;
  /** Hashes by ring place. Of the size that it will have: growing would make everybody wait for tens of milliseconds. */
  readonly #ring: Uint32Array;
  /**
   * Ring place of each hash, at a position that follows from it; at least twice as many as the ring has places, to a power of two. Bits above
   * those of a position are the hash's: the ring lies elsewhere in memory, and is looked at for what is very likely the same.
   */
  readonly #table: Uint32Array;
  /** Records ever remembered; the next goes to this place modulo capacity. */
  #total = 0;
  /** Append time of the first record in each page, for the window's age. */
  readonly #pageTimesMs: number[] = [];

  /** `capacity` other than the contract's is for tests. */
  constructor(capacity = DUPLICATE_WINDOW_RECORDS) {
    this.#capacity = capacity;
    this.#ring = new Uint32Array(capacity * WORDS);
    this.#table = new Uint32Array(2 ** Math.ceil(Math.log2(capacity * 2)));
  }

  get count(): number {
    return Math.min(this.#total, this.#capacity);
  }

  /** Append time of the oldest remembered record, or of one less than a page younger, milliseconds since 1970; null when empty. */
  get oldestMs(): number | null {
    if (this.#total === 0) return null;
    const oldest = this.#total < this.#capacity ? 0 : this.#total % this.#capacity;
    // A page that is being written over has the time of its newest records. Those behind it are the next oldest.
    const page = Math.ceil(oldest / ENTRIES_PER_PAGE) % Math.ceil(this.#capacity / ENTRIES_PER_PAGE);
    return this.#pageTimesMs[page] ?? null;
  }

  has(hash: Uint32Array): boolean {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = hash[0]! & mask; ; at = (at + 1) & mask) {
      const entry = table[at]!;
      if (entry === EMPTY) return false;
      if (((entry ^ hash[1]!) & ~mask) === 0 && this.#equals((entry & mask) - 1, hash)) return true;
    }
  }

  /** Remembers a hash that is not in it; the oldest leaves when the window is full. */
  add(hash: Uint32Array, appendedAtMs: number): void {
    const place = this.#total % this.#capacity;
    const page = Math.floor(place / ENTRIES_PER_PAGE);
    this.pages.touch(page);
    if (this.#total >= this.#capacity) this.#remove(place);
    for (let word = 0; word < WORDS; word++) this.#ring[place * WORDS + word] = hash[word]!;
    if (place % ENTRIES_PER_PAGE === 0) this.#pageTimesMs[page] = appendedAtMs;
    this.#total++;
    this.#insert(place);
  }

  #equals(place: number, hash: Uint32Array): boolean {
    const at = place * WORDS;
    const ring = this.#ring;
    return ring[at] === hash[0] && ring[at + 1] === hash[1] && ring[at + 2] === hash[2] && ring[at + 3] === hash[3];
  }

  #insert(place: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#ring[place * WORDS]! & mask;
    while (table[at] !== EMPTY) at = (at + 1) & mask;
    table[at] = this.#entryOf(place);
  }

  #entryOf(place: number): number {
    const mask = this.#table.length - 1;
    return ((this.#ring[place * WORDS + 1]! & ~mask) | (place + 1)) >>> 0;
  }

  /** Backward-shift deletion (Knuth, The Art of Computer Programming 6.4, algorithm R). */
  #remove(place: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = this.#ring[place * WORDS]! & mask;
    const entry = this.#entryOf(place);
    while (table[hole] !== entry) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== EMPTY; at = (at + 1) & mask) {
      const home = this.#ring[((table[at]! & mask) - 1) * WORDS]! & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table[hole] = table[at]!;
      hole = at;
    }
    table[hole] = EMPTY;
  }

  /** A page says how many records were ever remembered when it was written, its time, and its hashes. */
  #encode(page: number, out: ByteWriter): void {
    const first = page * ENTRIES_PER_PAGE;
    const end = Math.min(first + ENTRIES_PER_PAGE, this.count);
    out.double(this.#pageTimesMs[page] ?? 0);
    for (let i = first * WORDS; i < end * WORDS; i++) out.uint32(this.#ring[i]!);
  }

  /** Takes up a stored page. Pages come in ascending order; {@link restored} ends it. */
  restore(reader: ByteReader, page: number): void {
    this.#pageTimesMs[page] = reader.double();
    for (let place = page * ENTRIES_PER_PAGE; !reader.done; place++) {
      if (place >= this.#capacity) throw new PageCorruptError('a page of the duplicate window has too many hashes');
      for (let word = 0; word < WORDS; word++) this.#ring[place * WORDS + word] = reader.uint32();
    }
  }

  /** Records ever remembered: with the ring, all there is to know. */
  get total(): number {
    return this.#total;
  }

  restored(total: number): void {
    this.#total = total;
    for (let place = 0; place < this.count; place++) this.#insert(place);
  }
}
