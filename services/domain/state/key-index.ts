/**
 * Which slot of a table holds a key, found by the key's hash: open addressing with linear probing and backward-shift deletion (Knuth,
 * The Art of Computer Programming 6.4, algorithm R), in columns of integers, so that a million keys are nothing that the
 * garbage collector has to look at. The caller compares keys, of which each lies elsewhere in memory: five bits of the hash beside a slot's
 * number spare all but one in 32 of those looks that would find another key. Hashes come from outside and have to be keyed ones.
 *
 * It is made of parts that grow each by itself: one that grew as a whole would keep everybody waiting for tens of milliseconds, whenever a table
 * has twice as many keys as the last time.
 */
const EMPTY = 0;
/** The topmost bits of a hash say which part a key is in. */
const PART_BITS = 6;
const PARTS = 1 << PART_BITS;
const PART_SHIFT = 32 - PART_BITS;
const SLOTS_FIRST = 16;
/** A position is the number of a part, and below it that of a slot in it. */
const POSITION_BITS = 24;
const POSITION_MASK = (1 << POSITION_BITS) - 1;
/** A slot's number counts from 1, so that zeros are empty; above it are bits of the hash that say neither the part nor the place in it. */
const NUMBER_BITS = 27;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
/** Of one index; a partition with so many limit keys would need five gigabytes for them. */
export const INDEXED_SLOTS_MAX = NUMBER_MASK;
/** A part has at least eight slots for five keys. */
const [LOAD_KEYS, LOAD_SLOTS] = [5, 8];

export class KeyIndex {
  readonly #parts = Array.from({ length: PARTS }, () => new Int32Array(SLOTS_FIRST));
  readonly #counts = new Int32Array(PARTS);

  /** Position of the first slot that may be of this hash, or of none; see {@link at} and {@link after}. */
  first(hash: number): number {
    return this.#seek(hash >>> PART_SHIFT, hash, hash);
  }

  /** Position of the next one, or of none. */
  after(position: number, hash: number): number {
    return this.#seek(position >>> POSITION_BITS, hash, position + 1);
  }

  #seek(part: number, hash: number, from: number): number {
    const slots = this.#parts[part]!;
    const mask = slots.length - 1;
    const bits = bitsOf(hash);
    let at = from & mask;
    while (slots[at] !== EMPTY && (slots[at]! & ~NUMBER_MASK) !== bits) at = (at + 1) & mask;
    return (part << POSITION_BITS) | at;
  }

  /** Slot at a position, or -1: then nothing of this hash follows. */
  at(position: number): number {
    return slotOf(this.#parts[position >>> POSITION_BITS]![position & POSITION_MASK]!);
  }

  /** `hashOf` says the hash of a slot that is in the index. */
  add(hash: number, slot: number, hashOf: (slot: number) => number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    if (++this.#counts[part]! * LOAD_SLOTS <= slots.length * LOAD_KEYS) return insert(slots, hash, slot);
    const wider = new Int32Array(slots.length * 2);
    for (const before of slots) if (before !== EMPTY) insert(wider, hashOf(slotOf(before)), slotOf(before));
    insert(wider, hash, slot);
    this.#parts[part] = wider;
  }

  /** Takes out a slot that is in the index. */
  remove(hash: number, slot: number, hashOf: (slot: number) => number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    const mask = slots.length - 1;
    let hole = hash & mask;
    while (slotOf(slots[hole]!) !== slot) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at] !== EMPTY; at = (at + 1) & mask) {
      const home = hashOf(slotOf(slots[at]!)) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at]!;
      hole = at;
    }
    slots[hole] = EMPTY;
    this.#counts[part]!--;
  }
}

function insert(slots: Int32Array, hash: number, slot: number): void {
  const mask = slots.length - 1;
  let at = hash & mask;
  while (slots[at] !== EMPTY) at = (at + 1) & mask;
  slots[at] = bitsOf(hash) | (slot + 1);
}

function bitsOf(hash: number): number {
  return (hash << PART_BITS) & ~NUMBER_MASK;
}

/** -1 for an empty one. */
function slotOf(entry: number): number {
  return (entry & NUMBER_MASK) - 1;
}
