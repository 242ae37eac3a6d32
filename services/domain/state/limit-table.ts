/**
 * Two numbers for each limit key: TAT and the last `now`, in columns of doubles, so that a million keys cost tens of
 * megabytes and no garbage.
 */
import type { CompiledLimit } from '../limits/compiled-limit.ts';
import { type ByteReader, ByteWriter } from './bytes.ts';
import { PageSet } from './page-set.ts';
import type { ProgramState, ProgramTable } from './program-table.ts';

const KEYS_PER_PAGE = 512;
/** A scope as it stands in a page for a slot that is free. */
const FREE = '';

/**
 * A key within its program in two parts: whose state it is (limit, key names, category) is the same string again and again, and
 * the user or API as the access has it, so that looking a key up makes no string.
 */
export interface LimitKey {
  readonly scope: string;
  /** Empty when the limit has neither user nor API in its key. */
  readonly rest: string;
}

export class LimitTable {
  readonly pages = new PageSet('limits', (page) => this.#encode(page));
  #tatUs = new Float64Array(KEYS_PER_PAGE);
  #lastNowUs = new Float64Array(KEYS_PER_PAGE);
  readonly #programs: (ProgramState | null)[] = [];
  readonly #scopes: string[] = [];
  readonly #rests: string[] = [];
  readonly #free: number[] = [];
  #sweepAt = 0;
  /** Keys of (limit, category) without user or api: the same strings again, so that looking up makes none. */
  readonly #categoryKeys = new Map<string, Map<string, string>>();

  readonly #scopeNames = new Map<string, string>();

  /** Keys in use. */
  get count(): number {
    return this.#scopes.length - this.#free.length;
  }

  /** An API in front of a user comes with its length, so that no two keys look alike. */
  keyOf(limit: CompiledLimit, user: string, category: string, api: string): LimitKey {
    const scope = limit.byCategory ? this.#withCategory(limit.scope, category) : limit.scope;
    if (!limit.byApi) return { scope, rest: limit.byUser ? user : '' };
    return { scope, rest: limit.byUser ? `${api.length}:${api}${user}` : api };
  }

  #withCategory(scope: string, category: string): string {
    let keys = this.#categoryKeys.get(scope);
    if (keys === undefined) this.#categoryKeys.set(scope, (keys = new Map<string, string>()));
    let key = keys.get(category);
    if (key === undefined) keys.set(category, (key = this.#interned(`${scope}\n${category}`)));
    return key;
  }

  /** One string for all keys of a scope. */
  #interned(scope: string): string {
    const known = this.#scopeNames.get(scope);
    if (known !== undefined) return known;
    this.#scopeNames.set(scope, scope);
    return scope;
  }

  /** Slot of a key, or -1. */
  find(program: ProgramState, { scope, rest }: LimitKey): number {
    return program.limitSlots?.get(scope)?.get(rest) ?? -1;
  }

  tatUs(slot: number): number {
    return this.#tatUs[slot]!;
  }

  lastNowUs(slot: number): number {
    return this.#lastNowUs[slot]!;
  }

  /** Sets both numbers; makes the slot when there is none (-1). Answers the slot. */
  set(program: ProgramState, key: LimitKey, slot: number, tatUs: number, lastNowUs: number): number {
    const at = slot === -1 ? this.#allocate(program, key) : slot;
    this.pages.touch(at >>> 9);
    this.#tatUs[at] = tatUs;
    this.#lastNowUs[at] = lastNowUs;
    return at;
  }

  #allocate(program: ProgramState, { scope, rest }: LimitKey): number {
    const at = this.#free.pop() ?? this.#scopes.length;
    // A slot that is used again still holds its old key in the checkpoint under way.
    this.pages.touch(at >>> 9);
    this.#put(at, program, scope, rest);
    return at;
  }

  #put(at: number, program: ProgramState, scope: string, rest: string): void {
    if (at >= this.#tatUs.length) {
      this.#tatUs = grown(this.#tatUs);
      this.#lastNowUs = grown(this.#lastNowUs);
    }
    this.#programs[at] = program;
    this.#scopes[at] = scope;
    this.#rests[at] = rest;
    program.limitSlots ??= new Map();
    let slots = program.limitSlots.get(scope);
    if (slots === undefined) program.limitSlots.set(scope, (slots = new Map<string, number>()));
    slots.set(rest, at);
  }

  /**
   * Frees some keys whose numbers are all earlier than `beforeUs`. They count as absent when looked up anyway
   * (exact-rules.md section 6), so when this runs never shows.
   */
  sweep(beforeUs: number, slotsMax: number): void {
    for (let n = Math.min(slotsMax, this.#scopes.length); n > 0; n--) {
      const at = this.#sweepAt;
      this.#sweepAt = (at + 1) % this.#scopes.length;
      const program = this.#programs[at];
      if (program === null || program === undefined) continue;
      if (Math.max(this.#tatUs[at]!, this.#lastNowUs[at]!) >= beforeUs) continue;
      this.pages.touch(at >>> 9);
      program.limitSlots?.get(this.#scopes[at]!)?.delete(this.#rests[at]!);
      this.#programs[at] = null;
      this.#scopes[at] = FREE;
      this.#rests[at] = FREE;
      this.#free.push(at);
    }
  }

  #encode(page: number): Buffer {
    const out = new ByteWriter();
    const end = Math.min((page + 1) * KEYS_PER_PAGE, this.#scopes.length);
    for (let at = page * KEYS_PER_PAGE; at < end; at++) {
      const program = this.#programs[at];
      out.string(program ? this.#scopes[at]! : FREE);
      if (!program) continue;
      out.string(this.#rests[at]!);
      out.string(program.id);
      out.double(this.#tatUs[at]!);
      out.double(this.#lastNowUs[at]!);
    }
    return out.finish();
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader, programs: ProgramTable): void {
    while (!reader.done) {
      const at = this.#scopes.length;
      const scope = this.#interned(reader.string());
      if (scope === FREE) {
        this.#scopes[at] = FREE;
        this.#rests[at] = FREE;
        this.#programs[at] = null;
        this.#free.push(at);
        if (at >= this.#tatUs.length) {
          this.#tatUs = grown(this.#tatUs);
          this.#lastNowUs = grown(this.#lastNowUs);
        }
        continue;
      }
      const rest = reader.string();
      this.#put(at, programs.of(reader.string()), scope, rest);
      this.#tatUs[at] = reader.double();
      this.#lastNowUs[at] = reader.double();
    }
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2);
  wider.set(column);
  return wider;
}
