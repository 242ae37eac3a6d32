/**
 * Two numbers for each limit key: TAT and the last `now`. All but the user or API of a key lies in columns of numbers, so that a million
 * keys cost some eighty megabytes, little garbage and hardly anything to mark.
 */
import { type SipKey, sipAbsorb } from '../duplicates/half-sip-hash.ts';
import type { CompiledLimit } from '../limits/compiled-limit.ts';
import { type ByteReader, ByteWriter } from './bytes.ts';
import { KeyIndex } from './key-index.ts';
import { PageSet } from './page-set.ts';
import type { ProgramState, ProgramTable } from './program-table.ts';

const KEYS_PER_PAGE = 512;
/** A scope as it stands in a page for a slot that is free, and a program of such a slot. */
const FREE = '';
const NO_PROGRAM = -1;
/** Numbers of a key in `#keys`: hash, program, scope. */
const KEY_NUMBERS = 3;
/** Odd, half of their bits set: what is multiplied by one spreads over all bits. */
const [PROGRAM_FACTOR, SCOPE_FACTOR] = [0x9e3779b1, 0x85ebca6b];

/** A key in three parts: the program, whose state it is (limit, key names, category), and the user or API as the access has it. */
export interface LimitKey {
  program: number;
  scope: number;
  /** Empty when the limit has neither user nor API in its key. */
  rest: string;
  hash: number;
}

export function blankKey(): LimitKey {
  return { program: NO_PROGRAM, scope: 0, rest: '', hash: 0 };
}

export class LimitTable {
  readonly pages = new PageSet('limits', (page) => this.#encode(page));
  readonly #hashKey: SipKey;
  readonly #sip = new Int32Array(8);
  readonly #index = new KeyIndex();
  readonly #hashAt = (slot: number): number => this.#keys[slot * KEY_NUMBERS]!;
  /** By slot. */
  #keys = new Int32Array(KEYS_PER_PAGE * KEY_NUMBERS);
  readonly #rests: string[] = [];
  /** By slot: TAT, then last `now`. */
  #timesUs = new Float64Array(KEYS_PER_PAGE * 2);
  readonly #free: number[] = [];
  #sweepAt = 0;
  /** Programs with a key, by their number. */
  readonly #programs: ProgramState[] = [];
  /** Scopes by their number, and the other way round: by limit's scope, then by category, '' for none. */
  readonly #scopes: string[] = [];
  readonly #scopeNumbers = new Map<string, number>();
  readonly #withCategory = new Map<string, Map<string, number>>();

  /** `hashKey` is unknown to whoever chooses users and APIs. */
  constructor(hashKey: SipKey) {
    this.#hashKey = hashKey;
  }

  /** Keys in use. */
  get count(): number {
    return this.#rests.length - this.#free.length;
  }

  /** Into `key`, which may be used again. An API in front of a user comes with its length, so that no two keys look alike. */
  keyOf(program: ProgramState, limit: CompiledLimit, user: string, category: string, api: string, key = blankKey()): LimitKey {
    const scope = limit.byCategory ? this.#scopeWith(limit.scope, category) : this.#scopeNumber(limit.scope);
    if (!limit.byApi) return this.#key(program, scope, limit.byUser ? user : '', key);
    return this.#key(program, scope, limit.byUser ? `${api.length}:${api}${user}` : api, key);
  }

  #key(state: ProgramState, scope: number, rest: string, key: LimitKey): LimitKey {
    const program = this.#programNumber(state);
    let hash = Math.imul(program, PROGRAM_FACTOR) ^ Math.imul(scope, SCOPE_FACTOR);
    if (rest !== '') {
      const sip = this.#sip;
      sipAbsorb(this.#hashKey.initial, rest, sip);
      hash = Math.imul(hash ^ sip[0]! ^ sip[1]! ^ sip[2]! ^ sip[3]!, PROGRAM_FACTOR) ^ sip[4]! ^ sip[5]! ^ sip[6]! ^ sip[7]!;
    }
    key.program = program;
    key.scope = scope;
    key.rest = rest;
    key.hash = hash ^ (hash >>> 15);
    return key;
  }

  #programNumber(state: ProgramState): number {
    if (state.limitNumber === NO_PROGRAM) {
      state.limitNumber = this.#programs.length;
      this.#programs.push(state);
    }
    return state.limitNumber;
  }

  #scopeNumber(scope: string): number {
    let number = this.#scopeNumbers.get(scope);
    if (number === undefined) {
      number = this.#scopes.length;
      this.#scopeNumbers.set(scope, number);
      this.#scopes.push(scope);
    }
    return number;
  }

  #scopeWith(scope: string, category: string): number {
    let numbers = this.#withCategory.get(scope);
    if (numbers === undefined) this.#withCategory.set(scope, (numbers = new Map<string, number>()));
    let number = numbers.get(category);
    if (number === undefined) numbers.set(category, (number = this.#scopeNumber(`${scope}\n${category}`)));
    return number;
  }

  /** Slot of a key, or -1. */
  find({ program, scope, rest, hash }: LimitKey): number {
    const index = this.#index;
    const keys = this.#keys;
    for (let position = index.start(hash); ; position = index.after(position)) {
      const slot = index.at(position);
      if (slot === -1) return -1;
      const at = slot * KEY_NUMBERS;
      if (keys[at] === hash && keys[at + 1] === program && keys[at + 2] === scope && this.#rests[slot] === rest) return slot;
    }
  }

  tatUs(slot: number): number {
    return this.#timesUs[slot * 2]!;
  }

  lastNowUs(slot: number): number {
    return this.#timesUs[slot * 2 + 1]!;
  }

  /** Sets both numbers; makes the slot when there is none (-1). Answers the slot. */
  set(key: LimitKey, slot: number, tatUs: number, lastNowUs: number): number {
    const at = slot === -1 ? this.#allocate(key) : slot;
    this.pages.touch(at >>> 9);
    this.#timesUs[at * 2] = tatUs;
    this.#timesUs[at * 2 + 1] = lastNowUs;
    return at;
  }

  #allocate(key: LimitKey): number {
    const at = this.#free.pop() ?? this.#rests.length;
    // A slot that is used again still holds its old key in the checkpoint under way.
    this.pages.touch(at >>> 9);
    this.#put(at, key);
    return at;
  }

  #put(slot: number, { program, scope, rest, hash }: LimitKey): void {
    this.#reserve(slot);
    const at = slot * KEY_NUMBERS;
    this.#keys[at] = hash;
    this.#keys[at + 1] = program;
    this.#keys[at + 2] = scope;
    this.#rests[slot] = rest;
    this.#index.add(hash, slot, this.#hashAt);
  }

  #reserve(slot: number): void {
    if (slot * 2 < this.#timesUs.length) return;
    this.#timesUs = grown(this.#timesUs, new Float64Array(this.#timesUs.length * 2));
    this.#keys = grown(this.#keys, new Int32Array(this.#keys.length * 2));
  }

  /**
   * Frees some keys whose numbers are all earlier than `beforeUs`. They count as absent when looked up anyway
   * (exact-rules.md section 6), so when this runs never shows.
   */
  sweep(beforeUs: number, slotsMax: number): void {
    for (let n = Math.min(slotsMax, this.#rests.length); n > 0; n--) {
      const slot = this.#sweepAt;
      this.#sweepAt = (slot + 1) % this.#rests.length;
      const at = slot * KEY_NUMBERS;
      if (this.#keys[at + 1] === NO_PROGRAM) continue;
      if (Math.max(this.tatUs(slot), this.lastNowUs(slot)) >= beforeUs) continue;
      this.pages.touch(slot >>> 9);
      this.#index.remove(this.#keys[at]!, slot, this.#hashAt);
      this.#setFree(slot);
    }
  }

  #setFree(slot: number): void {
    this.#keys[slot * KEY_NUMBERS + 1] = NO_PROGRAM;
    this.#rests[slot] = FREE;
    this.#free.push(slot);
  }

  #encode(page: number): Buffer {
    const out = new ByteWriter();
    const end = Math.min((page + 1) * KEYS_PER_PAGE, this.#rests.length);
    for (let slot = page * KEYS_PER_PAGE; slot < end; slot++) {
      const at = slot * KEY_NUMBERS;
      const program = this.#programs[this.#keys[at + 1]!];
      out.string(program === undefined ? FREE : this.#scopes[this.#keys[at + 2]!]!);
      if (program === undefined) continue;
      out.string(this.#rests[slot]!);
      out.string(program.id);
      out.double(this.tatUs(slot));
      out.double(this.lastNowUs(slot));
    }
    return out.finish();
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader, programs: ProgramTable): void {
    while (!reader.done) {
      const slot = this.#rests.length;
      const scope = reader.string();
      if (scope === FREE) {
        this.#reserve(slot);
        this.#setFree(slot);
        continue;
      }
      const rest = reader.string();
      this.#put(slot, this.#key(programs.of(reader.string()), this.#scopeNumber(scope), rest, blankKey()));
      this.#timesUs[slot * 2] = reader.double();
      this.#timesUs[slot * 2 + 1] = reader.double();
    }
  }
}

function grown<Column extends Float64Array | Int32Array>(column: Column, wider: Column): Column {
  wider.set(column);
  return wider;
}
