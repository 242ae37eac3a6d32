/**
 * Which slot of a table holds a key, found by the key's hash: open addressing with linear probing and backward-shift deletion (Knuth,
 * The Art of Computer Programming 6.4, algorithm R), in columns of integers, so that a million keys are nothing that the
 * garbage collector has to look at. The caller compares keys; hashes come from outside and have to be keyed ones.
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
  readonly #parts = Array.from({ length: PARTS }, () => new Int32Array(SLOTS_FIRST).fill(EMPTY));
  readonly #counts = new Int32Array(PARTS);

  /** Position to begin to look at; see {@link at} and {@link after}. */
  start(hash: number): number {
    const part = hash >>> PART_SHIFT;
    return (part << POSITION_BITS) | (hash & (this.#parts[part]!.length - 1));
  }

  /** Slot at a position, or -1: then nothing of this hash follows. */
  at(position: number): number {
    return this.#parts[position >>> POSITION_BITS]![position & POSITION_MASK]!;
  }

  after(position: number): number {
    const part = position >>> POSITION_BITS;
    return (part << POSITION_BITS) | ((position + 1) & (this.#parts[part]!.length - 1));
  }

  /** `hashOf` says the hash of a slot that is in the index. */
  add(hash: number, slot: number, hashOf: (slot: number) => number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    if (++this.#counts[part]! * LOAD_SLOTS <= slots.length * LOAD_KEYS) return insert(slots, hash, slot);
    const wider = new Int32Array(slots.length * 2).fill(EMPTY);
    for (const before of slots) if (before !== EMPTY) insert(wider, hashOf(before), before);
    insert(wider, hash, slot);
    this.#parts[part] = wider;
  }

  /** Takes out a slot that is in the index. */
  remove(hash: number, slot: number, hashOf: (slot: number) => number): void {
    const part = hash >>> PART_SHIFT;
    const slots = this.#parts[part]!;
    const mask = slots.length - 1;
    let hole = hash & mask;
    while (slots[hole] !== slot) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at] !== EMPTY; at = (at + 1) & mask) {
      const home = hashOf(slots[at]!) & mask;
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
  slots[at] = slot;
}
