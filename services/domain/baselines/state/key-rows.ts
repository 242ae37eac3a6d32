/**
 * What is remembered of each (program, category): uses, calls, background uses, first calls of visits and volume in windows; what was learned
 * of them; how over-dispersed they are. A program has few, so they hang in a list on it and need no index.
 */
import { PageCorruptError, type ByteReader, type ByteWriter } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import { SCALES } from '../tuning.ts';
import { grownInt32, PiecedRows, rowInPiece } from '../../state/columns.ts';

/** Of a window block: uses, calls, uses in the background, first calls of visits, volume (sum of logarithms). */
export const K_BLOCK = 5;
export const K_USES = 0;
export const K_CALLS = 1;
export const K_BACKGROUND = 2;
export const K_VISITS = 3;
export const K_VOLUME = 4;
/** Learned: the same five, and the sum of squares of the volume; then that sum of today. */
export const K_LEARNED = SCALES * 2 * K_BLOCK;
export const K_LEARNED_SQUARES = K_LEARNED + K_BLOCK;
export const K_SQUARES_TODAY = K_LEARNED_SQUARES + 1;
/** Over-dispersion by mark: sums of excess squares and of pairs. */
export const K_DISPERSION = K_SQUARES_TODAY + 1;
export const MARK_SHARE = 0;
export const MARK_BACKGROUND = 1;
export const MARK_VISITS = 2;
export const MARK_VOLUME = 3;
export const MARK_CALLS = 4;
export const MARKS = 5;
/** Evidence for a ramp of the share, nats, up to the last four hours that are over. */
export const K_RAMP = K_DISPERSION + 2 * MARKS;
const K_CELLS = K_RAMP + 1;
/** Engine 3 had no ramps; its pages are read. */
const K_CELLS_BEFORE_RAMPS = K_RAMP;

/** What was told of a key; most have nothing. Hours since 1970; 0: not yet. */
export interface ToldOfKey {
  /**
   * When it was told as new. One that a later declaration listed is not told: then when it came into use, or seven hours before that where it
   * was newly listed, so that it is learned at once.
   */
  newHour: number;
  /** How strong it was when it was told last, and when that was. */
  score: number;
  hour: number;
  /** The quickest rhythm that was told, seconds between its calls, and when one like it was heard last. */
  rhythmSeconds: number;
  rhythmHour: number;
  /** What else was told (bits, told-amount.ts), uses of it in a day, and when that was. */
  kinds: number;
  amount: number;
  amountHour: number;
  /** When it came back last, and how many uses of that day were taken out of the windows. */
  heardHour: number;
  heardUses: number;
}

function nothingTold(): ToldOfKey {
  return {
    newHour: 0,
    score: 0,
    hour: 0,
    rhythmSeconds: 0,
    rhythmHour: 0,
    kinds: 0,
    amount: 0,
    amountHour: 0,
    heardHour: 0,
    heardUses: 0,
  };
}

/** Instead of a slot: there is no such key. */
export const NO_KEY = -1;

const KEYS_PER_PAGE = 256;
/** Rows of a piece are two to this power: just under a megabyte. */
const PIECE_SHIFT = 12;

/** Where the row of a key begins in its piece, see {@link KeyRows.cellsOf}. */
export function keyRow(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, K_CELLS);
}

export class KeyRows {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #rows = new PiecedRows(K_CELLS, PIECE_SHIFT);
  /** By slot: hour of the filling blocks, then the next key of the same program. */
  #numbers = new Int32Array(1024);
  #categories = new Uint8Array(512);
  readonly #told = new Map<number, ToldOfKey>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#rows.bytes + this.#numbers.byteLength + this.#categories.byteLength;
  }

  /** The piece that a key's row lies in, from {@link keyRow} on. */
  cellsOf(slot: number): Float32Array {
    return this.#rows.pieceOf(slot);
  }

  /** Hour since 1970 of the filling blocks. */
  hourOf(slot: number): number {
    return this.#numbers[slot * 2]!;
  }

  setHour(slot: number, hour: number): void {
    this.#numbers[slot * 2] = hour;
  }

  /** Index in CATEGORIES. */
  categoryOf(slot: number): number {
    return this.#categories[slot]!;
  }

  /** The key of a category in the list that begins with `first`, or {@link NO_KEY}. */
  find(first: number, category: number): number {
    let slot = first;
    while (slot !== NO_KEY && this.#categories[slot] !== category) slot = this.#numbers[slot * 2 + 1]!;
    return slot;
  }

  /** The next key of the same program, or {@link NO_KEY}. */
  next(slot: number): number {
    return this.#numbers[slot * 2 + 1]!;
  }

  told(slot: number): Readonly<ToldOfKey> | undefined {
    return this.#told.size === 0 ? undefined : this.#told.get(slot);
  }

  /** What was told of a key, to be written to. The key has been touched. */
  makeTold(slot: number): ToldOfKey {
    let told = this.#told.get(slot);
    if (told === undefined) this.#told.set(slot, (told = nothingTold()));
    return told;
  }

  add(category: number, hour: number, next: number): number {
    // Before it is there: a page that a checkpoint has not written yet is encoded without it.
    this.touch(this.#count);
    const slot = this.#count++;
    this.#rows.reserve(this.#count);
    this.#numbers = grownInt32(this.#numbers, this.#count * 2);
    if (this.#count > this.#categories.length) {
      const wider = new Uint8Array(Math.ceil(this.#categories.length * 1.5));
      wider.set(this.#categories);
      this.#categories = wider;
    }
    this.#categories[slot] = category;
    this.#numbers[slot * 2] = hour;
    this.#numbers[slot * 2 + 1] = next;
    return slot;
  }

  /** Must be called before a key's row changes. */
  touch(slot: number): void {
    this.pages.touch(slot >>> 8);
  }

  #encode(page: number, out: ByteWriter): void {
    const from = page * KEYS_PER_PAGE;
    const to = Math.min(from + KEYS_PER_PAGE, this.#count);
    out.varint(to - from);
    for (let slot = from; slot < to; slot++) {
      out.varint(this.#categories[slot]!);
      out.varint(this.#numbers[slot * 2]! + 1);
      out.varint(this.#numbers[slot * 2 + 1]! + 1);
    }
    out.bytes(this.#rows.bytesOf(from, to));
    for (let slot = from; slot < to; slot++) {
      const told = this.told(slot);
      if (told === undefined) continue;
      out.varint(slot - from);
      out.varint(told.newHour);
      out.double(told.score);
      out.varint(told.hour);
      if (told.rhythmSeconds !== 0) {
        out.varint(slot - from + KEYS_PER_PAGE);
        out.varint(told.rhythmSeconds);
        out.varint(told.rhythmHour);
      }
      if (told.kinds === 0) continue;
      out.varint(slot - from + 2 * KEYS_PER_PAGE);
      out.varint(told.kinds);
      out.double(told.amount);
      out.varint(told.amountHour);
      out.varint(told.heardHour);
      out.double(told.heardUses);
    }
  }

  /** Takes up a stored page; pages come in ascending order. */
  restore(reader: ByteReader): void {
    const from = this.#count;
    const to = from + reader.varint();
    for (let slot = from; slot < to; slot++) {
      const category = reader.varint();
      this.add(category, reader.varint() - 1, reader.varint() - 1);
    }
    const bytes = reader.bytes();
    if (bytes.length === (to - from) * K_CELLS * 4) this.#rows.put(from, bytes);
    else if (bytes.length === (to - from) * K_CELLS_BEFORE_RAMPS * 4) this.#rows.put(from, bytes, K_CELLS_BEFORE_RAMPS);
    else throw new PageCorruptError('a page of baselines has another size');
    while (!reader.done) {
      const number = reader.varint();
      const slot = from + (number % KEYS_PER_PAGE);
      if (slot >= to || number >= 3 * KEYS_PER_PAGE)
        throw new PageCorruptError('a page of baselines tells of a key that it has not');
      const told = this.makeTold(slot);
      if (number < KEYS_PER_PAGE) [told.newHour, told.score, told.hour] = [reader.varint(), reader.double(), reader.varint()];
      // Engines before 12 did not remember which rhythm was told.
      else if (number < 2 * KEYS_PER_PAGE) [told.rhythmSeconds, told.rhythmHour] = [reader.varint(), reader.varint()];
      // Nor how much was told.
      else {
        [told.kinds, told.amount, told.amountHour] = [reader.varint(), reader.double(), reader.varint()];
        [told.heardHour, told.heardUses] = [reader.varint(), reader.double()];
      }
    }
  }
}
