/**
 * What is remembered of each program: its uses and calls in windows, when in a week it is used, how surprising its days are, what was told.
 * Cells of a row, by name; all floats, because they are learned averages, and whole numbers up to 2^24 are exact in them.
 */
import { PageCorruptError, type ByteReader, type ByteWriter } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import { FEATURE_COUNT, RAMP } from '../features.ts';
import { SCALES } from '../tuning.ts';
import { PiecedRows, rowInPiece } from '../../state/columns.ts';
import { NO_KEY } from './key-rows.ts';

/** Of a window block: uses, calls, expected uses. Scale by scale, the filling block and the one before it. */
export const P_BLOCK = 3;
export const P_USES = 0;
export const P_CALLS = 1;
export const P_EXPECTED = 2;
/** First calls of visits in the filling block of each scale. */
export const P_VISITS = SCALES * 2 * P_BLOCK;
/** Learned: uses, calls, first calls of visits. */
export const P_LEARNED_USES = P_VISITS + SCALES;
export const P_LEARNED_CALLS = P_LEARNED_USES + 1;
export const P_LEARNED_VISITS = P_LEARNED_USES + 2;
/** How many working days were seen, and how many of the weekend; mean uses of an hour. */
export const P_DAYS_SEEN = P_LEARNED_USES + 3;
export const P_MEAN_HOUR = P_DAYS_SEEN + 2;
/** The worst surprise of the day by feature, decayed sums of earlier days' and their number (rates begin later), the scale they give. */
export const P_WORST = P_MEAN_HOUR + 1;
export const P_WORST_SUM = P_WORST + FEATURE_COUNT;
export const P_WORST_DAYS = P_WORST_SUM + FEATURE_COUNT;
export const P_WORST_RATE_DAYS = P_WORST_DAYS + 1;
export const P_SCALE = P_WORST_RATE_DAYS + 1;
/** The day's highest score, days with history, and whether today alarmed (1). */
export const P_TOP_SCORE = P_SCALE + FEATURE_COUNT;
export const P_DAYS = P_TOP_SCORE + 1;
export const P_ALARMED = P_DAYS + 1;
/** {@link TOLD}: the windows' evidence has been told and is cleared when the episode is over; else the hour in which something told was heard, or 0. */
export const P_TOLD = P_ALARMED + 1;
export const TOLD = 1;
/** By feature a bit, and one for the score: the days up to the last one are above what is ordinary. */
export const P_ABOVE = P_TOLD + 1;
/** How strong a ramp was at its worst in these days, scaled to the program's own noise. */
export const P_RAMP_MOST = P_ABOVE + 1;
const P_CELLS = P_RAMP_MOST + 1;
/** Cells of a row that engine 3 had not, in the middle of what it had, and how many it had in all. */
const RAMP_CELLS = [P_WORST + RAMP, P_WORST_SUM + RAMP, P_SCALE + RAMP];
const CELLS_BEFORE_RAMPS = P_ABOVE - RAMP_CELLS.length;

/** Whole numbers of a program: hour of its newest access, first hour, last alarm (seconds), first key. */
export const P_HOUR = 0;
export const P_FIRST_HOUR = 1;
export const P_LAST_ALARM = 2;
export const P_FIRST_KEY = 3;
const P_NUMBERS = P_FIRST_KEY + 1;

/** Keys of a program that are found without going through its list, in which each lies elsewhere in memory: a category has the place of its lowest bits. */
const HINTS = 8;
/** Of a hint: the category; above it the key's slot. */
const CATEGORY_BITS = 6;
const CATEGORY_MASK = (1 << CATEGORY_BITS) - 1;
/** Keys beyond are looked for in the list. */
const HINTED_KEYS_MAX = 1 << (31 - CATEGORY_BITS);

/** Hours that are told apart: of working days, and of the weekend. */
export const WEEK_HOURS = 48;

const PROGRAMS_PER_PAGE = 64;
/** Rows of a piece are two to this power: no piece has 128 KiB, for which V8 would stop for milliseconds while it marks (page-set.ts). */
const PIECE_SHIFT = 8;
/** Of the whole numbers of a new program: it has come to no hour yet, has never alarmed, and its first key is NO_KEY. */
export const NEVER = -1;

/** Where the row of a program begins in its piece, see {@link ProgramRows.cellsOf}. */
export function programRow(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, P_CELLS);
}

/** The same for its whole numbers, see {@link ProgramRows.numbersOf}. */
export function numbersRow(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, P_NUMBERS);
}

function rootsRow(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, WEEK_HOURS);
}

function hintAt(slot: number, category: number): number {
  return rowInPiece(slot, PIECE_SHIFT, HINTS) + (category & (HINTS - 1));
}

export class ProgramRows {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #rows = new PiecedRows(P_CELLS, PIECE_SHIFT);
  /** In pieces as the rows are. Seconds are too many for 32 bits from 2038 on. */
  readonly #numbers: Float64Array[] = [];
  /**
   * By slot, square roots of mean uses: by hour of a working day, then of a day of the weekend. The root of a count is as sure whatever its size
   * (M. S. Bartlett 1936), so 16 bits, which are out by two thousandths of the count at most, say all that is known.
   */
  readonly #hourRoots: Float16Array[] = [];
  /** By slot, the keys that were found last; derived, and not stored. */
  readonly #hints: Int32Array[] = [];
  readonly #ids: string[] = [];

  get count(): number {
    return this.#ids.length;
  }

  /** Bytes of memory. */
  get bytes(): number {
    const others = [...this.#numbers, ...this.#hourRoots, ...this.#hints];
    return this.#rows.bytes + others.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  id(slot: number): string {
    return this.#ids[slot]!;
  }

  /** The piece that a program's row lies in, from {@link programRow} on. */
  cellsOf(slot: number): Float32Array {
    return this.#rows.pieceOf(slot);
  }

  /** The piece that its whole numbers lie in, from {@link numbersRow} on. */
  numbersOf(slot: number): Float64Array {
    return this.#numbers[slot >>> PIECE_SHIFT]!;
  }

  /** Mean uses of an hour of the week; see season.ts for the number of the hour. */
  usesOfHour(slot: number, hour: number): number {
    return this.#hourRoots[slot >>> PIECE_SHIFT]![rootsRow(slot) + hour]! ** 2;
  }

  setUsesOfHour(slot: number, hour: number, uses: number): void {
    this.#hourRoots[slot >>> PIECE_SHIFT]![rootsRow(slot) + hour] = Math.sqrt(uses);
  }

  /** The key of a program's category, or {@link NO_KEY} where there is none or it has to be looked for. */
  hint(slot: number, category: number): number {
    const hint = this.#hints[slot >>> PIECE_SHIFT]![hintAt(slot, category)]!;
    return (hint & CATEGORY_MASK) === category && hint !== NO_KEY ? hint >> CATEGORY_BITS : NO_KEY;
  }

  setHint(slot: number, category: number, key: number): void {
    if (key < HINTED_KEYS_MAX) this.#hints[slot >>> PIECE_SHIFT]![hintAt(slot, category)] = (key << CATEGORY_BITS) | category;
  }

  add(id: string): number {
    const slot = this.#ids.length;
    // Before it is there: a page that a checkpoint has not written yet is encoded without it.
    this.touch(slot);
    this.#ids.push(id);
    this.#reserve(slot);
    const [n, row] = [numbersRow(slot), programRow(slot) + P_SCALE];
    this.numbersOf(slot).fill(NEVER, n, n + P_NUMBERS);
    this.cellsOf(slot).fill(1, row, row + FEATURE_COUNT);
    return slot;
  }

  #reserve(slot: number): void {
    this.#rows.reserve(slot + 1);
    if (slot >>> PIECE_SHIFT < this.#numbers.length) return;
    this.#numbers.push(new Float64Array(P_NUMBERS << PIECE_SHIFT));
    this.#hourRoots.push(new Float16Array(WEEK_HOURS << PIECE_SHIFT));
    this.#hints.push(new Int32Array(HINTS << PIECE_SHIFT).fill(NO_KEY));
  }

  /** Must be called before a program's row changes. */
  touch(slot: number): void {
    this.pages.touch(Math.floor(slot / PROGRAMS_PER_PAGE));
  }

  #encode(page: number, out: ByteWriter): void {
    const from = page * PROGRAMS_PER_PAGE;
    const to = Math.min(from + PROGRAMS_PER_PAGE, this.count);
    out.varint(to - from);
    for (let slot = from; slot < to; slot++) {
      out.string(this.#ids[slot]!);
      const numbers = this.numbersOf(slot);
      for (let i = 0; i < P_NUMBERS; i++) out.double(numbers[numbersRow(slot) + i]!);
    }
    out.bytes(this.#rows.bytesOf(from, to));
    out.bytes(this.#rootsOf(from, to));
  }

  /** The bytes of the roots of slots `[from, to)` of one piece, not copied. */
  #rootsOf(from: number, to: number): Uint8Array {
    const { buffer, byteOffset } = this.#hourRoots[from >>> PIECE_SHIFT]!;
    return new Uint8Array(buffer, byteOffset + rootsRow(from) * 2, (to - from) * WEEK_HOURS * 2);
  }

  /** Rows of engine 3, where each list by feature was one shorter: what it did not know is as in a new row. */
  #putBeforeRamps(slot: number, bytes: Buffer): void {
    const cells = this.cellsOf(slot);
    for (let at = 0, row = programRow(slot); at < bytes.length; row += P_CELLS) {
      for (let cell = 0; cell < P_ABOVE; cell++) {
        if (RAMP_CELLS.includes(cell)) continue;
        cells[row + cell] = bytes.readFloatLE(at);
        at += 4;
      }
    }
  }

  /** Takes up a stored page; pages come in ascending order. Answers the slots that it holds, from and to. */
  restore(reader: ByteReader): readonly [from: number, to: number] {
    const from = this.count;
    const to = from + reader.varint();
    for (let slot = from; slot < to; slot++) {
      this.add(reader.string());
      const numbers = this.numbersOf(slot);
      for (let i = 0; i < P_NUMBERS; i++) numbers[numbersRow(slot) + i] = reader.double();
    }
    const bytes = reader.bytes();
    if (bytes.length === (to - from) * P_CELLS * 4) this.#rows.put(from, bytes);
    else if (bytes.length === (to - from) * CELLS_BEFORE_RAMPS * 4) this.#putBeforeRamps(from, bytes);
    else throw new PageCorruptError('a page of baselines has another size');
    const roots = reader.bytes();
    if (roots.length !== (to - from) * WEEK_HOURS * 2) throw new PageCorruptError('a page of hours has another size');
    this.#rootsOf(from, to).set(roots);
    return [from, to];
  }
}
