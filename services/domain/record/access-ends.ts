/**
 * Remembers how records of accesses end. Behind the user most say what many before them said, byte for byte: the same API for the same
 * purpose from the same page. What was read there once is known when the same bytes come again, for the price of comparing them.
 *
 * Direct-mapped: ends whose hashes lead to the same place replace one another. An end is kept only when it is looked for twice in a row, so
 * that ends which never repeat (rows and bytes differ each time) replace nothing.
 */
import type { Access, KnownEnd } from './record.ts';

/** Where ends are kept; a power of two. */
export const END_PLACES = 4_096;
const BYTES_MAX = 256;
/** FNV-1a's, over words of four bytes. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/** What an access says behind its user, and where its strings stand, counted from the beginning of the end. */
export interface AccessEnd extends KnownEnd {
  readonly said: Omit<Access, 'user' | 'link'>;
  /** Start and end of each, in the order of TEXT; only of those that stand there. */
  readonly places: Int32Array;
}

export class AccessEnds {
  readonly #ends: (AccessEnd | null)[] = Array.from({ length: END_PLACES }, () => null);
  readonly #lengths = new Uint16Array(END_PLACES);
  readonly #kept = new DataView(new ArrayBuffer(END_PLACES * BYTES_MAX));
  /** By place: the hash of the end that was last looked for in vain. */
  readonly #missed = new Int32Array(END_PLACES);
  #hash = 0;
  /** Whether the end that was looked for last is of a length that is kept; then `#hash` is its hash. */
  #isHashed = false;

  /** What is known of `record[start, end)`; null when nothing is. */
  find(record: DataView, start: number, end: number): AccessEnd | null {
    const length = end - start;
    this.#isHashed = length <= BYTES_MAX && length >= 4;
    if (!this.#isHashed) return null;
    let hash = HASH_START ^ length;
    for (let at = start; at <= end - 4; at += 4) hash = Math.imul(hash ^ record.getInt32(at, true), HASH_FACTOR);
    // The last bytes once more: those that did not fill a word are among them.
    hash = Math.imul(hash ^ record.getInt32(end - 4, true), HASH_FACTOR);
    this.#hash = hash;
    const place = placeOf(hash);
    return this.#lengths[place] === length && this.#isKept(place, record, start, end) ? this.#ends[place]! : null;
  }

  #isKept(place: number, record: DataView, start: number, end: number): boolean {
    const kept = this.#kept;
    const shift = place * BYTES_MAX - start;
    for (let at = start; at <= end - 4; at += 4) if (record.getInt32(at, true) !== kept.getInt32(at + shift, true)) return false;
    return record.getInt32(end - 4, true) === kept.getInt32(end - 4 + shift, true);
  }

  /** Whether what was looked for last is worth keeping: it was looked for the last time, too. */
  isWanted(): boolean {
    if (!this.#isHashed) return false;
    const place = placeOf(this.#hash);
    if (this.#missed[place] === this.#hash) return true;
    this.#missed[place] = this.#hash;
    return false;
  }

  /** Keeps what was read of what was looked for last, `record[start, end)`. */
  keep(record: DataView, start: number, end: number, known: Omit<AccessEnd, 'place'>): void {
    if (end - start > BYTES_MAX) throw new RangeError(`an end of ${end - start} bytes has no place`);
    const place = placeOf(this.#hash);
    for (let i = 0; i < end - start; i++) this.#kept.setUint8(place * BYTES_MAX + i, record.getUint8(start + i));
    this.#lengths[place] = end - start;
    this.#ends[place] = { place, ...known };
  }
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (END_PLACES - 1);
}
