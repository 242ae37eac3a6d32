/**
 * Two numbers for each limit key: TAT and the last `now`. A key is numbers, too: its program, its scope, and 128 bits of a keyed hash of user and
 * API (see half-sip-hash.ts), so that a million keys cost some fifty megabytes, no garbage and nothing to mark, and name no user.
 */
import { type SipKey, sipAbsorb, sipAbsorbWords, sipFinish } from './half-sip-hash.ts';
import type { CompiledLimit } from '../limits/compiled-limit.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { rowInPiece } from './columns.ts';
import { INDEXED_SLOTS_MAX, KeyIndex } from './key-index.ts';
import { PageSet } from './page-set.ts';
import type { UserWords } from './user-hash.ts';
import type { ProgramState, ProgramTable } from './program-table.ts';

const KEYS_PER_PAGE = 512;
/** Keys of a piece are two to this power. */
const PIECE_SHIFT = 12;
/** A scope as it stands in a page for a slot that is free, and a program of such a slot. */
const FREE = '';
const NO_PROGRAM = -1;
const REST_WORDS = 4;
/** Numbers of a key in `#keys`: program, scope, and the words of what else it has. */
const KEY_NUMBERS = 2 + REST_WORDS;
/** And in `#timesUs`. */
const KEY_TIMES = 2;
/** Odd, half of their bits set: what is multiplied by one spreads over all bits. */
const [PROGRAM_FACTOR, SCOPE_FACTOR] = [0x9e3779b1, 0x85ebca6b];

/** A key in three parts: the program, whose state it is (limit, key names, category), and a hash of the user and the API of the access. */
export interface LimitKey {
  program: number;
  scope: number;
  /** All zero when the limit has neither user nor API in its key. */
  readonly rest: Uint32Array;
}

export function blankKey(): LimitKey {
  return { program: NO_PROGRAM, scope: 0, rest: new Uint32Array(REST_WORDS) };
}

function hashOf(program: number, scope: number, rest: number): number {
  const hash = Math.imul(Math.imul(program, PROGRAM_FACTOR) ^ Math.imul(scope, SCOPE_FACTOR) ^ rest, PROGRAM_FACTOR);
  return hash ^ (hash >>> 15);
}

/** Where a slot's numbers begin in its piece. */
function keyAt(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, KEY_NUMBERS);
}

function timesAt(slot: number): number {
  return rowInPiece(slot, PIECE_SHIFT, KEY_TIMES);
}

export class LimitTable {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #hashKey: SipKey;
  readonly #sip = new Int32Array(8);
  readonly #index = new KeyIndex();
  readonly #hashAt = (slot: number): number => {
    const keys = this.#keys[slot >>> PIECE_SHIFT]!;
    const at = keyAt(slot);
    return hashOf(keys[at]!, keys[at + 1]!, keys[at + 2]!);
  };
  /** By slot, in pieces: who had to copy all when there are more of them would keep everybody waiting. */
  readonly #keys: Int32Array[] = [];
  #slots = 0;
  /** By slot, in the same pieces: TAT, then last `now`. */
  readonly #timesUs: Float64Array[] = [];
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
    return this.#slots - this.#free.length;
  }

  /** Into `key`, which may be used again. */
  keyOf(program: ProgramState, limit: CompiledLimit, user: UserWords, category: string, api: string, key = blankKey()): LimitKey {
    key.program = this.#programNumber(program);
    key.scope = limit.byCategory ? this.#scopeWith(limit.scope, category) : this.#scopeNumber(limit.scope);
    this.#rest(limit.byUser ? user : null, limit.byApi ? api : null, key.rest);
    return key;
  }

  #rest(user: UserWords | null, api: string | null, rest: Uint32Array): void {
    if (api !== null) {
      sipAbsorb(this.#hashKey.initial, api, this.#sip);
      if (user !== null) sipAbsorbWords(this.#sip, user, this.#sip);
      sipFinish(this.#sip, rest);
    } else for (let word = 0; word < REST_WORDS; word++) rest[word] = user === null ? 0 : user[word]!;
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
  find({ program, scope, rest }: LimitKey): number {
    const index = this.#index;
    const hash = hashOf(program, scope, rest[0]!);
    for (let position = index.first(hash); ; position = index.after(position, hash)) {
      const slot = index.at(position);
      if (slot === -1 || this.#is(slot, program, scope, rest)) return slot;
    }
  }

  #is(slot: number, program: number, scope: number, rest: Uint32Array): boolean {
    const keys = this.#keys[slot >>> PIECE_SHIFT]!;
    const at = keyAt(slot);
    if (keys[at] !== program || keys[at + 1] !== scope) return false;
    for (let word = 0; word < REST_WORDS; word++) if (keys[at + 2 + word] !== (rest[word]! | 0)) return false;
    return true;
  }

  tatUs(slot: number): number {
    return this.#timesUs[slot >>> PIECE_SHIFT]![timesAt(slot)]!;
  }

  lastNowUs(slot: number): number {
    return this.#timesUs[slot >>> PIECE_SHIFT]![timesAt(slot) + 1]!;
  }

  /** Sets both numbers of a key; `slot` is where {@link find} found it, and one is made for -1. */
  set(key: LimitKey, slot: number, tatUs: number, lastNowUs: number): void {
    const at = slot === -1 ? this.#allocate(key) : slot;
    this.pages.touch(at >>> 9);
    this.#setTimes(at, tatUs, lastNowUs);
  }

  #setTimes(slot: number, tatUs: number, lastNowUs: number): void {
    const timesUs = this.#timesUs[slot >>> PIECE_SHIFT]!;
    const at = timesAt(slot);
    timesUs[at] = tatUs;
    timesUs[at + 1] = lastNowUs;
  }

  #allocate(key: LimitKey): number {
    const at = this.#free.pop() ?? this.#slots;
    // A slot that is used again still holds its old key in the checkpoint under way.
    this.pages.touch(at >>> 9);
    this.#put(at, key);
    return at;
  }

  #put(slot: number, { program, scope, rest }: LimitKey): void {
    this.#reserve(slot);
    const keys = this.#keys[slot >>> PIECE_SHIFT]!;
    const at = keyAt(slot);
    keys[at] = program;
    keys[at + 1] = scope;
    keys.set(rest, at + 2);
    this.#index.add(this.#hashAt(slot), slot, this.#hashAt);
  }

  /** Makes room for a slot, which is in use from here on. */
  #reserve(slot: number): void {
    if (slot >= INDEXED_SLOTS_MAX) throw new RangeError(`a partition has more than ${INDEXED_SLOTS_MAX} limit keys`);
    this.#slots = Math.max(this.#slots, slot + 1);
    if (slot >>> PIECE_SHIFT < this.#keys.length) return;
    this.#keys.push(new Int32Array(KEY_NUMBERS << PIECE_SHIFT));
    this.#timesUs.push(new Float64Array(KEY_TIMES << PIECE_SHIFT));
  }

  /**
   * Frees some keys whose numbers are all earlier than `beforeUs`. They count as absent when looked up anyway
   * (exact-rules.md section 6), so when this runs never shows.
   */
  sweep(beforeUs: number, slotsMax: number): void {
    for (let n = Math.min(slotsMax, this.#slots); n > 0; n--) {
      const slot = this.#sweepAt;
      this.#sweepAt = (slot + 1) % this.#slots;
      if (this.#programOf(slot) === NO_PROGRAM) continue;
      if (Math.max(this.tatUs(slot), this.lastNowUs(slot)) >= beforeUs) continue;
      this.pages.touch(slot >>> 9);
      this.#index.remove(this.#hashAt(slot), slot, this.#hashAt);
      this.#setFree(slot);
    }
  }

  #programOf(slot: number): number {
    return this.#keys[slot >>> PIECE_SHIFT]![keyAt(slot)]!;
  }

  #setFree(slot: number): void {
    this.#keys[slot >>> PIECE_SHIFT]![keyAt(slot)] = NO_PROGRAM;
    this.#free.push(slot);
  }

  #encode(page: number, out: ByteWriter): void {
    const first = page * KEYS_PER_PAGE;
    const end = Math.min(first + KEYS_PER_PAGE, this.#slots);
    // A page lies within a piece.
    const keys = this.#keys[first >>> PIECE_SHIFT]!;
    for (let slot = first; slot < end; slot++) {
      const at = keyAt(slot);
      const program = this.#programs[keys[at]!];
      out.string(program === undefined ? FREE : this.#scopes[keys[at + 1]!]!);
      if (program === undefined) continue;
      for (let word = 0; word < REST_WORDS; word++) out.uint32(keys[at + 2 + word]! >>> 0);
      out.string(program.id);
      out.double(this.tatUs(slot));
      out.double(this.lastNowUs(slot));
    }
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader, programs: ProgramTable): void {
    const key = blankKey();
    while (!reader.done) {
      const slot = this.#slots;
      const scope = reader.string();
      if (scope === FREE) {
        this.#reserve(slot);
        this.#setFree(slot);
        continue;
      }
      for (let word = 0; word < REST_WORDS; word++) key.rest[word] = reader.uint32();
      key.program = this.#programNumber(programs.of(reader.string()));
      key.scope = this.#scopeNumber(scope);
      this.#put(slot, key);
      this.#setTimes(slot, reader.double(), reader.double());
    }
  }

  /** Takes up a page of an earlier engine, which had users and APIs by name. `userOf` hashes a user. */
  restoreNamed(reader: ByteReader, programs: ProgramTable, userOf: (user: string) => UserWords): void {
    const key = blankKey();
    while (!reader.done) {
      const scope = reader.string();
      if (scope === FREE) continue;
      const { user, api } = namesIn(scope, reader.string());
      this.#rest(user === null ? null : userOf(user), api, key.rest);
      key.program = this.#programNumber(programs.of(reader.string()));
      key.scope = this.#scopeNumber(scope);
      this.set(key, -1, reader.double(), reader.double());
    }
  }
}

/** An API in front of a user came with its length. */
function namesIn(scope: string, names: string): { readonly user: string | null; readonly api: string | null } {
  const [, kinds] = JSON.parse(scope.split('\n', 1)[0]!) as [string, string[]];
  if (!kinds.includes('api')) return { user: kinds.includes('user') ? names : null, api: null };
  if (!kinds.includes('user')) return { user: null, api: names };
  const colon = names.indexOf(':');
  const end = colon + 1 + Number(names.slice(0, colon));
  return { user: names.slice(end), api: names.slice(colon + 1, end) };
}
