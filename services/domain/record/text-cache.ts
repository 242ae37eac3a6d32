/**
 * Strings for bytes that come again and again (programs, sources, APIs): the same string object each time, so that making it, hashing
 * it for a `Map` and comparing it cost nothing from the second time on. Direct-mapped: what meets in a slot replaces one another, so it
 * never grows, and whoever chooses strings that meet only makes it useless.
 */

/** Longer strings are made anew each time. */
const BYTES_MAX = 64;

export class TextCache {
  readonly #mask: number;
  readonly #texts: string[];
  readonly #lengths: Uint8Array;
  /** The bytes of each slot's string, `BYTES_MAX` apart. */
  readonly #pool: Uint8Array;

  /** `slots` is a power of two; each takes some 100 bytes. */
  constructor(slots: number) {
    this.#mask = slots - 1;
    this.#texts = Array.from({ length: slots }, () => '');
    this.#lengths = new Uint8Array(slots);
    this.#pool = new Uint8Array(slots * BYTES_MAX);
  }

  /** The string of `bytes[start, end)`, which are ASCII. `hash` is any function of them. */
  text(bytes: Buffer, start: number, end: number, hash: number): string {
    const length = end - start;
    if (length > BYTES_MAX) return bytes.toString('latin1', start, end);
    const slot = (hash ^ (hash >>> 15)) & this.#mask;
    const first = slot * BYTES_MAX;
    if (this.#lengths[slot] === length) {
      const pool = this.#pool;
      let i = 0;
      while (i < length && pool[first + i] === bytes[start + i]) i++;
      if (i === length) return this.#texts[slot]!;
    }
    const text = bytes.toString('latin1', start, end);
    this.#texts[slot] = text;
    this.#lengths[slot] = length;
    for (let i = 0; i < length; i++) this.#pool[first + i] = bytes[start + i]!;
    return text;
  }
}
