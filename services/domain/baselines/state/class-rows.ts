/** What programs of a class do, from those of this partition: sums over program-days, each worth at most one day. */
import { CATEGORIES } from '../../../../schemas/codes.ts';
import type { ByteReader, ByteWriter } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import { CLASS_DAYS_MIN } from '../tuning.ts';
import { ClassPriors } from './class-priors.ts';

export const C_DAYS = 0;
/** First calls of visits among all calls: days, sum, sum of squares. */
export const C_VISIT_DAYS = 1;
export const C_VISIT_SUM = 2;
export const C_VISIT_SQUARES = 3;
/** Shapes of a week and their number. */
export const C_SHAPES = 4;
export const C_SHAPE = 5;
/** By category: sum and sum of squares of its share; then of days with it: number, background share, share of first calls, volume, its square. */
export const C_CATEGORY = C_SHAPE + 48;
export const C_SHARE = 0;
export const C_SHARE_SQUARES = 1;
export const C_WITH = 2;
export const C_BACKGROUND = 3;
export const C_VISITS = 4;
export const C_VOLUME = 5;
export const C_VOLUME_SQUARES = 6;
const C_CATEGORY_CELLS = 7;
export const C_CELLS = C_CATEGORY + CATEGORIES.length * C_CATEGORY_CELLS;

/** Where a category's cells begin in a class's row. */
export function categoryCell(category: number): number {
  return C_CATEGORY + category * C_CATEGORY_CELLS;
}

/** Classes a partition tells apart; developers choose their names, so there is an end: later ones are one class together. */
const CLASSES_MAX = 1024;
const CLASSES_PER_PAGE = 16;
const ALL_OTHERS = '';
const NONE: readonly number[] = [];
/** A level is a tenth more program-days than the one before; levels begin with one program-day. */
const LEVEL = Math.log(1.1);
const LEVEL_DAYS_MIN = 1;

/** The level of a number of program-days; -1 below one. */
export function levelOf(days: number): number {
  return days < LEVEL_DAYS_MIN ? -1 : Math.floor(Math.log(days) / LEVEL);
}

export type ClassRow = Float64Array;

export class ClassRows {
  readonly priors = new ClassPriors();
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #rows: ClassRow[] = [];
  /** By number: what a prior says, if any did. */
  readonly #byPrior: (ClassRow | null)[] = [];
  #grown = new Set<number>();

  /** The number of a class; made at first sight. */
  numberOf(name: string): number {
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    return this.#names.length < CLASSES_MAX - 1 || name === ALL_OTHERS ? this.#add(name) : this.numberOf(ALL_OTHERS);
  }

  #add(name: string): number {
    const number = this.#names.length;
    this.touch(number);
    this.#names.push(name);
    this.#numbers.set(name, number);
    this.#rows.push(new Float64Array(C_CELLS));
    this.#byPrior.push(this.priors.find(name));
    return number;
  }

  /** What is believed of a class: a prior, while this partition knows little and the prior comes from more days. Not to be changed. */
  row(number: number): ClassRow {
    const own = this.#rows[number]!;
    const prior = this.#byPrior[number]!;
    return prior !== null && prior[C_DAYS]! > own[C_DAYS]! && own[C_DAYS]! < CLASS_DAYS_MIN ? prior : own;
  }

  /** What this partition has seen, to be added to. */
  own(number: number): ClassRow {
    return this.#rows[number]!;
  }

  nameOf(number: number): string {
    return this.#names[number]!;
  }

  /** Must be called after program-days were added to a class's row; `daysBefore`: those it had. */
  noteGrowth(number: number, daysBefore: number): void {
    if (levelOf(this.#rows[number]![C_DAYS]!) > levelOf(daysBefore)) this.#grown.add(number);
  }

  /** Numbers of the classes that have reached another level since this was asked last. */
  takeGrown(): Iterable<number> {
    if (this.#grown.size === 0) return NONE;
    const grown = this.#grown;
    this.#grown = new Set();
    return grown;
  }

  /** Takes up what a prior says of a class. False, and nothing changes, when there is no room for another name. */
  takePrior(name: string, row: ClassRow): boolean {
    if (!this.priors.put(name, row)) return false;
    const number = this.#numbers.get(name);
    if (number !== undefined) this.#byPrior[number] = row;
    return true;
  }

  /** Must be called before a class's row changes. */
  touch(number: number): void {
    this.pages.touch(Math.floor(number / CLASSES_PER_PAGE));
  }

  #encode(page: number, out: ByteWriter): void {
    const from = page * CLASSES_PER_PAGE;
    for (let number = from; number < Math.min(from + CLASSES_PER_PAGE, this.#names.length); number++) {
      out.string(this.#names[number]!);
      for (const cell of this.#rows[number]!) out.double(cell);
    }
  }

  /** Takes up a stored page; pages come in ascending order. */
  restore(reader: ByteReader): void {
    while (!reader.done) {
      const row = this.#rows[this.#add(reader.string())]!;
      for (let i = 0; i < C_CELLS; i++) row[i] = reader.double();
    }
  }
}
