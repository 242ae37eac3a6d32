/** Gathers what several sources say of each program: declarations in any order, then what was called. */
import type { DeclarationData } from '../../../schemas/events/declaration.ts';
import { declarationSchema } from '../../../schemas/events/declaration.ts';
import { type Encoding, parseJson } from '../record/json.ts';
import { parseRecord } from '../record/parse.ts';
import type { Called, KnownProgram } from './known-program.ts';

/** Programs in one report; about 1 KiB each. */
export const DRIFT_PROGRAMS_MAX = 1_000_000;

export interface CalledRow {
  readonly program: string;
  readonly developer: string;
  readonly category: string;
  readonly accesses: number;
  readonly background: number;
}

type Declared = Omit<KnownProgram, 'called'>;
const DECLARATION = Buffer.from('ntk.declaration');

export class KnownPrograms {
  readonly #declared = new Map<string, { readonly version: number; readonly known: Declared }>();

  get count(): number {
    return this.#declared.size;
  }

  /** Of several declarations the highest version holds, of equal ones the first, as in the log. False when there is no room. */
  declare(version: number, known: Declared): boolean {
    const before = this.#declared.get(known.program);
    if (before === undefined && this.#declared.size >= DRIFT_PROGRAMS_MAX) return false;
    if (before === undefined || version > before.version) this.#declared.set(known.program, { version, known });
    return true;
  }

  /** `bytes[start, end)` is a record of a log. What is no sound declaration is left aside; false when there is no room. */
  declareFrom(bytes: Buffer, start: number, end: number, encoding: Encoding): boolean {
    // Whoever writes the type with an escape in it is not found here; nobody is known to.
    if (!bytes.subarray(start, end).includes(DECLARATION)) return true;
    const record = parseRecord(bytes, start, end, encoding);
    if (record.type !== 'ntk.declaration') return true;
    const { data } = parseJson(bytes, start, end, encoding) as { data: unknown };
    const declaration = declarationSchema.parse(data);
    return this.declare(declaration.version, declaredBy(record.attributes.subject, declaration));
  }

  /** `rows`: what the results say was called; null without results. Programs that only called have no declaration. */
  all(rows: readonly CalledRow[] | null): KnownProgram[] {
    const called = new Map<string, Map<string, Called>>();
    const developers = new Map<string, string>();
    for (const { program, developer, category, accesses, background } of rows ?? []) {
      const ofProgram = called.get(program) ?? new Map<string, Called>();
      called.set(program, ofProgram.set(category, { accesses, background }));
      developers.set(program, developer);
    }
    const declared = [...this.#declared.values()].map(({ known }) => ({
      ...known,
      called: rows === null ? null : (called.get(known.program) ?? new Map<string, Called>()),
    }));
    const others = [...called].filter(([program]) => !this.#declared.has(program));
    return [...declared, ...others.map(([program, uses]) => undeclared(program, developers.get(program) ?? '', uses))];
  }
}

function declaredBy(program: string, { developer, purposes, detected }: DeclarationData): Declared {
  return {
    program,
    developer: developer ?? '',
    isDeclared: true,
    changedUs: null,
    purposes: purposes.map(({ id, text, categories }) => ({
      id,
      text: text ?? '',
      categories: categories.map(({ category }) => category),
    })),
    found: detected === undefined ? null : detected.map((category) => ({ category, api: null, isBundled: false })),
    requiredApis: null,
    isWhole: true,
  };
}

function undeclared(program: string, developer: string, called: ReadonlyMap<string, Called>): KnownProgram {
  const nothing = { changedUs: null, purposes: [], found: null, requiredApis: null };
  return { program, developer, isDeclared: false, isWhole: true, ...nothing, called };
}
