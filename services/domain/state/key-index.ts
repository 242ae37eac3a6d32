/**
 * Which slot of a table holds a key, found by the key's hash: open addressing with linear probing and backward-shift deletion (Knuth,
 * The Art of Computer Programming 6.4, algorithm R), in columns of integers, so that a million keys are nothing that the
 * garbage collector has to look at. The caller compares keys, of the same hash only: others lie elsewhere in memory, and each look at one costs
 * as much as all else. Hashes come from outside and have to be keyed ones.
 *
 * It is made of parts that grow each by itself: one that grew as a whole would keep everybody waiting for tens of milliseconds, whenever a table
 * has twice as many keys as the last time.
 */
const EMPTY = -1;
/** The topmost bits of a hash say which part a key is in. */
const PART_BITS = 6;
const PARTS = 1 << PART_BITS;
const PART_SHIFT = 32 - PART_BITS;
const SLOTS_FIRST = 16;
/** A position is the number of a part, and below it that of a slot in it. */
const POSITION_BITS = 24;
const POSITION_MASK = (1 << POSITION_BITS) - 1;
/** A part has at least eight slots for five keys. */
const [LOAD_KEYS, LOAD_SLOTS] = [5, 8];

export class KeyIndex {
  /** Slot and hash, by turns. */
  readonly #parts = Array.from({ length: PARTS }, () => emptyPart(SLOTS_FIRST));
  readonly #counts = new Int32Array(PARTS);

  /** Position of the first slot of this hash, or of none; see {@link at} and {@link after}. */
  first(hash: number): number {
    const part = hash >>> PART_SHIFT;
    return this.#seek(part, hash, hash & maskOf(this.#parts[part]!));
  }

  /** Position of the next slot of this hash, or of none. */
  after(position: number, hash: number): number {
    const part = position >>> POSITION_BITS;
    return this.#seek(part, hash, ((position & POSITION_MASK) + 1) & maskOf(this.#parts[part]!));
  }

  #seek(part: number, hash: number, from: number): number {
    const slots = this.#parts[part]!;
    const mask = maskOf(slots);
    let at = from;
    while (slots[2 * at] !== EMPTY && slots[2 * at + 1] !== hash) at = (at + 1) & mask;
    return (part << POSITION_BITS) | at;
  }

  /** Slot at a position, or -1: then nothing of this hash follows. */
  at(position: number): number {
    return this.#parts[position >>> POSITION_BITS]![2 * (position & POSITION_MASK)]!;
  }

  add(hash: number, slot: number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    if (++this.#counts[part]! * LOAD_SLOTS * 2 <= slots.length * LOAD_KEYS) return insert(slots, hash, slot);
    const wider = emptyPart(slots.length);
    for (let at = 0; at < slots.length; at += 2) if (slots[at] !== EMPTY) insert(wider, slots[at + 1]!, slots[at]!);
    insert(wider, hash, slot);
    this.#parts[part] = wider;
  }

  /** Takes out a slot that is in the index. */
  remove(hash: number, slot: number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    const mask = maskOf(slots);
    let hole = hash & mask;
    while (slots[2 * hole] !== slot) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[2 * at] !== EMPTY; at = (at + 1) & mask) {
      const home = slots[2 * at + 1]! & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots.copyWithin(2 * hole, 2 * at, 2 * at + 2);
      hole = at;
    }
    slots[2 * hole] = EMPTY;
    this.#counts[part]!--;
  }
}

/** Room for so many slots. */
function emptyPart(slots: number): Int32Array {
  return new Int32Array(2 * slots).fill(EMPTY);
}

function maskOf(part: Int32Array): number {
  return part.length / 2 - 1;
}

function insert(part: Int32Array, hash: number, slot: number): void {
  const mask = maskOf(part);
  let at = hash & mask;
  while (part[2 * at] !== EMPTY) at = (at + 1) & mask;
  part[2 * at] = slot;
  part[2 * at + 1] = hash;
}
