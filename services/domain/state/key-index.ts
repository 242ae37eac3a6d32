/**
 * Which slot of a table holds a key, found by the key's hash: open addressing with linear probing and backward-shift deletion (Knuth,
 * The Art of Computer Programming 6.4, algorithm R), in one column of integers, so that a million keys are nothing that the
 * garbage collector has to look at. The caller compares keys; hashes come from outside and have to be keyed ones.
 */
const EMPTY = -1;

export class KeyIndex {
  /** At most half full. */
  #slots = new Int32Array(1024).fill(EMPTY);
  #count = 0;

  /** Position to begin to look at; see {@link at} and {@link after}. */
  start(hash: number): number {
    return hash & (this.#slots.length - 1);
  }

  /** Slot at a position, or -1: then nothing of this hash follows. */
  at(position: number): number {
    return this.#slots[position]!;
  }

  after(position: number): number {
    return (position + 1) & (this.#slots.length - 1);
  }

  /** `hashOf` says the hash of a slot that is in the index. */
  add(hash: number, slot: number, hashOf: (slot: number) => number): void {
    if (++this.#count * 2 > this.#slots.length) this.#grow(hashOf);
    this.#insert(hash, slot);
  }

  #insert(hash: number, slot: number): void {
    let position = this.start(hash);
    while (this.#slots[position] !== EMPTY) position = this.after(position);
    this.#slots[position] = slot;
  }

  #grow(hashOf: (slot: number) => number): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2).fill(EMPTY);
    for (const slot of before) if (slot !== EMPTY) this.#insert(hashOf(slot), slot);
  }

  /** Takes out a slot that is in the index. */
  remove(hash: number, slot: number, hashOf: (slot: number) => number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.start(hash);
    while (slots[hole] !== slot) hole = this.after(hole);
    for (let at = this.after(hole); slots[at] !== EMPTY; at = this.after(at)) {
      const home = this.start(hashOf(slots[at]!));
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at]!;
      hole = at;
    }
    slots[hole] = EMPTY;
    this.#count--;
  }
}
