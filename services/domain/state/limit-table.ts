/**
 * Two numbers for each limit key: TAT and the last `now`, in columns of doubles, so that a million keys cost tens of
 * megabytes and no garbage.
 */
import type { CompiledLimit } from '../limits/compiled-limit.ts';
import { type ByteReader, ByteWriter } from './bytes.ts';
import { PageSet } from './page-set.ts';
import type { ProgramState, ProgramTable } from './program-table.ts';

const KEYS_PER_PAGE = 512;
/** A key as it stands in a page for a slot that is free. */
const FREE = '';

export class LimitTable {
  readonly pages = new PageSet('limits', (page) => this.#encode(page));
  #tatUs = new Float64Array(KEYS_PER_PAGE);
  #lastNowUs = new Float64Array(KEYS_PER_PAGE);
  readonly #programs: (ProgramState | null)[] = [];
  readonly #keys: string[] = [];
  readonly #free: number[] = [];
  #sweepAt = 0;
  /** Keys of (limit, category) without user or api: the same strings again, so that looking up makes none. */
  readonly #categoryKeys = new Map<string, Map<string, string>>();

  /** Keys in use. */
  get count(): number {
    return this.#keys.length - this.#free.length;
  }

  /** The key within its program. Parts of free text come last or with their length, so that no two keys look alike. */
  keyOf(limit: CompiledLimit, user: string, category: string, api: string): string {
    const base = limit.byCategory ? this.#withCategory(limit.scope, category) : limit.scope;
    if (!limit.byUser && !limit.byApi) return base;
    return `${base}\n${limit.byApi ? `${api.length}:${api}` : ''}${limit.byUser ? user : ''}`;
  }

  #withCategory(scope: string, category: string): string {
    let keys = this.#categoryKeys.get(scope);
    if (keys === undefined) this.#categoryKeys.set(scope, (keys = new Map<string, string>()));
    let key = keys.get(category);
    if (key === undefined) keys.set(category, (key = `${scope}\n${category}`));
    return key;
  }

  /** Slot of a key, or -1. */
  find(program: ProgramState, key: string): number {
    return program.limitSlots?.get(key) ?? -1;
  }

  tatUs(slot: number): number {
    return this.#tatUs[slot]!;
  }

  lastNowUs(slot: number): number {
    return this.#lastNowUs[slot]!;
  }

  /** Sets both numbers; makes the slot when there is none (-1). Answers the slot. */
  set(program: ProgramState, key: string, slot: number, tatUs: number, lastNowUs: number): number {
    const at = slot === -1 ? this.#allocate(program, key) : slot;
    this.pages.touch(at >>> 9);
    this.#tatUs[at] = tatUs;
    this.#lastNowUs[at] = lastNowUs;
    return at;
  }

  #allocate(program: ProgramState, key: string): number {
    const at = this.#free.pop() ?? this.#keys.length;
    // A slot that is used again still holds its old key in the checkpoint under way.
    this.pages.touch(at >>> 9);
    this.#put(at, program, key);
    return at;
  }

  #put(at: number, program: ProgramState, key: string): void {
    if (at >= this.#tatUs.length) {
      this.#tatUs = grown(this.#tatUs);
      this.#lastNowUs = grown(this.#lastNowUs);
    }
    this.#programs[at] = program;
    this.#keys[at] = key;
    program.limitSlots ??= new Map();
    program.limitSlots.set(key, at);
  }

  /**
   * Frees some keys whose numbers are all earlier than `beforeUs`. They count as absent when looked up anyway
   * (exact-rules.md section 6), so when this runs never shows.
   */
  sweep(beforeUs: number, slotsMax: number): void {
    for (let n = Math.min(slotsMax, this.#keys.length); n > 0; n--) {
      const at = this.#sweepAt;
      this.#sweepAt = (at + 1) % this.#keys.length;
      const program = this.#programs[at];
      if (program === null || program === undefined) continue;
      if (Math.max(this.#tatUs[at]!, this.#lastNowUs[at]!) >= beforeUs) continue;
      this.pages.touch(at >>> 9);
      program.limitSlots?.delete(this.#keys[at]!);
      this.#programs[at] = null;
      this.#keys[at] = FREE;
      this.#free.push(at);
    }
  }

  #encode(page: number): Buffer {
    const out = new ByteWriter();
    const end = Math.min((page + 1) * KEYS_PER_PAGE, this.#keys.length);
    for (let at = page * KEYS_PER_PAGE; at < end; at++) {
      const program = this.#programs[at];
      out.string(program ? this.#keys[at]! : FREE);
      if (!program) continue;
      out.string(program.id);
      out.double(this.#tatUs[at]!);
      out.double(this.#lastNowUs[at]!);
    }
    return out.finish();
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader, programs: ProgramTable): void {
    while (!reader.done) {
      const at = this.#keys.length;
      const key = reader.string();
      if (key === FREE) {
        this.#keys[at] = FREE;
        this.#programs[at] = null;
        this.#free.push(at);
        if (at >= this.#tatUs.length) {
          this.#tatUs = grown(this.#tatUs);
          this.#lastNowUs = grown(this.#lastNowUs);
        }
        continue;
      }
      this.#put(at, programs.of(reader.string()), key);
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
