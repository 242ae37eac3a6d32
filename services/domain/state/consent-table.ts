/**
 * What each user agreed to, for each (program, user, category). The latest of (by name, `*`) in the log decides, so a `*`
 * replaces all that came before it, and a name replaces `*` for itself (exact-rules.md section 3).
 */
import { CATEGORY_INDEX } from '../../../schemas/codes.ts';
import type { ConsentFact } from '../record/record.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { PageSet } from './page-set.ts';
import type { ProgramState, ProgramTable } from './program-table.ts';
import { insertAscending } from './ascending.ts';

export interface Consent {
  readonly granted: boolean;
  readonly byDefault: boolean;
  /** Declaration version it was given for; 0 when there was none. */
  readonly version: number;
}

export interface UserConsents {
  readonly slot: number;
  readonly program: ProgramState;
  readonly user: string;
  everything: Consent | null;
  byCategory: Map<string, Consent> | null;
}

const USERS_PER_PAGE = 512;

export class ConsentTable {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  /** By slot; null where a user was erased and nobody has come since. */
  readonly #slots: (UserConsents | null)[] = [];
  /** Ascending: which place is taken next is no question of when this was restored. */
  readonly #free: number[] = [];

  /** (program, user) pairs with a consent. */
  get count(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Applies a fact. Names that contracts.md does not list never match and are not kept. */
  give(program: ProgramState, fact: ConsentFact): void {
    const version = fact.declarationVersion ?? program.declaration?.version ?? 0;
    const consent: Consent = { granted: fact.granted, byDefault: fact.byDefault, version };
    const names = fact.categories.filter((name) => name === '*' || CATEGORY_INDEX.has(name));
    if (names.length === 0) return;
    const consents = this.#of(program, fact.user);
    this.pages.touch(Math.floor(consents.slot / USERS_PER_PAGE));
    for (const name of names) {
      if (name === '*') {
        consents.everything = consent;
        consents.byCategory = null;
      } else {
        consents.byCategory ??= new Map();
        consents.byCategory.set(name, consent);
      }
    }
  }

  /** Removes what the user agreed to, with all programs. */
  erase(programs: ProgramTable, user: string): void {
    for (const program of programs.all()) {
      const consents = program.consents?.get(user);
      if (consents === undefined) continue;
      this.pages.touch(Math.floor(consents.slot / USERS_PER_PAGE));
      program.consents?.delete(user);
      this.#slots[consents.slot] = null;
      insertAscending(this.#free, consents.slot);
    }
  }

  #of(program: ProgramState, user: string): UserConsents {
    program.consents ??= new Map();
    let consents = program.consents.get(user);
    if (consents === undefined) {
      const slot = this.#free.pop() ?? this.#slots.length;
      consents = { slot, program, user, everything: null, byCategory: null };
      program.consents.set(user, consents);
      this.pages.touch(Math.floor(slot / USERS_PER_PAGE));
      this.#slots[slot] = consents;
    }
    return consents;
  }

  #encode(page: number, out: ByteWriter): void {
    const first = page * USERS_PER_PAGE;
    for (const consents of this.#slots.slice(first, first + USERS_PER_PAGE)) {
      out.varint(consents === null ? 0 : 1);
      if (consents === null) continue;
      out.string(consents.program.id);
      out.string(consents.user);
      out.varint(consents.everything === null ? 0 : 1);
      if (consents.everything !== null) writeConsent(out, consents.everything);
      out.varint(consents.byCategory?.size ?? 0);
      for (const [category, consent] of consents.byCategory ?? []) {
        out.string(category);
        writeConsent(out, consent);
      }
    }
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader, programs: ProgramTable): void {
    while (!reader.done) {
      if (reader.varint() === 0) {
        this.#free.push(this.#slots.length);
        this.#slots.push(null);
        continue;
      }
      const program = programs.of(reader.string());
      const consents: UserConsents = {
        slot: this.#slots.length,
        program,
        user: reader.string(),
        everything: null,
        byCategory: null,
      };
      if (reader.varint() === 1) consents.everything = readConsent(reader);
      const named = reader.varint();
      if (named > 0) consents.byCategory = new Map();
      for (let i = 0; i < named; i++) consents.byCategory?.set(reader.string(), readConsent(reader));
      program.consents ??= new Map();
      program.consents.set(consents.user, consents);
      this.#slots.push(consents);
    }
  }
}

/** The consent that decides for a category, or null when none was ever given. */
export function consentFor(program: ProgramState, user: string, category: string): Consent | null {
  const consents = program.consents?.get(user);
  if (consents === undefined) return null;
  return consents.byCategory?.get(category) ?? consents.everything;
}

function writeConsent(out: ByteWriter, consent: Consent): void {
  out.varint((consent.granted ? 1 : 0) + (consent.byDefault ? 2 : 0));
  out.varint(consent.version);
}

function readConsent(reader: ByteReader): Consent {
  const bits = reader.varint();
  return { granted: (bits & 1) === 1, byDefault: (bits & 2) === 2, version: reader.varint() };
}
