/** Everything that is kept for each program: its declaration, standing, entitlements, consents and limit keys. */
import { type Standing, STANDINGS } from '../../../schemas/codes.ts';
import { cohortBucket } from '../policy/cohort.ts';
import type { DeclarationInForce } from '../program/declaration.ts';
import { ScopePool } from '../program/declared-scope.ts';
import type { UserConsents } from './consent-table.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { PageSet } from './page-set.ts';
import { NEVER_US } from './signing-keys.ts';
import { readDeclarationInForce, writeDeclarationInForce } from './declaration-codec.ts';

export interface ProgramState {
  readonly id: string;
  /** Place among the programs with facts; -1 while there are none, then it takes no room in a checkpoint. */
  slot: number;
  declaration: DeclarationInForce | null;
  standing: { readonly state: Standing; readonly untilUs: number } | null;
  /** Granted entitlements by category: until when, microseconds since 1970, `Infinity` when open-ended. */
  entitlements: Map<string, number> | null;
  /** Where facts are signed: times of the newest ones, microseconds since 1970; kept for withdrawn entitlements, too. */
  signedTimes: SignedTimes | null;
  consents: Map<string, UserConsents> | null;
  /** Its number in the LimitTable; -1 while it has none. */
  limitNumber: number;
  /** Its slot among the baselines; -1 before its first access that they see. */
  baselineSlot: number;
  /** Derived from the id: which cohort it is in. */
  cohortBucket: number;
  /** For {@link SourceHashes}; -1 before its first record since the partition was taken. */
  sourceSlot: number;
  /** For {@link ActivePrograms}; -1 before its first access since the partition was taken. */
  activeHour: number;
}

export interface SignedTimes {
  /** {@link NEVER_US} before the first. */
  standingUs: number;
  readonly entitlementsUs: Map<string, number>;
}

/** Bits of the number in front of a program in a page. */
const HAS_DECLARATION = 1;
const HAS_SIGNED_TIMES = 2;

const PROGRAMS_PER_PAGE = 32;

export class ProgramTable {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly scopes = new ScopePool();
  /** Bytes of developer and class together, the most of any declaration that was ever in force here. */
  longestNames = 0;
  readonly #programs = new Map<string, ProgramState>();
  /** Those with facts, by slot. */
  readonly #withFacts: ProgramState[] = [];

  /** Programs seen, with or without facts. */
  get count(): number {
    return this.#programs.size;
  }

  /** The program's state, if it was seen. */
  find(id: string): ProgramState | undefined {
    return this.#programs.get(id);
  }

  /** The program's state; made at first sight. */
  of(id: string): ProgramState {
    let program = this.#programs.get(id);
    if (program === undefined) {
      program = {
        id,
        slot: -1,
        declaration: null,
        standing: null,
        entitlements: null,
        signedTimes: null,
        consents: null,
        limitNumber: -1,
        baselineSlot: -1,
        cohortBucket: cohortBucket(id),
        sourceSlot: -1,
        activeHour: -1,
      };
      this.#programs.set(id, program);
    }
    return program;
  }

  all(): Iterable<ProgramState> {
    return this.#programs.values();
  }

  /** For the times of a program's signed facts. Touch the program first. */
  signedTimesOf(program: ProgramState): SignedTimes {
    return (program.signedTimes ??= { standingUs: NEVER_US, entitlementsUs: new Map() });
  }

  /** Must be called before a declaration, standing or entitlement changes. */
  touch(program: ProgramState): void {
    const isFirst = program.slot === -1;
    if (isFirst) program.slot = this.#withFacts.length;
    this.pages.touch(Math.floor(program.slot / PROGRAMS_PER_PAGE));
    // Before it is there: a page that a checkpoint has not written yet is encoded without it.
    if (isFirst) this.#withFacts.push(program);
  }

  /** Puts a declaration in force. Touch the program first. */
  declare(program: ProgramState, declaration: DeclarationInForce): void {
    const { developer, className } = declaration;
    this.longestNames = Math.max(this.longestNames, Buffer.byteLength(developer) + Buffer.byteLength(className ?? ''));
    program.declaration = declaration;
  }

  #encode(page: number, out: ByteWriter): void {
    const first = page * PROGRAMS_PER_PAGE;
    for (const program of this.#withFacts.slice(first, first + PROGRAMS_PER_PAGE)) writeProgram(out, program);
  }

  /** Takes up a stored page. Pages come in ascending order. */
  restore(reader: ByteReader): void {
    while (!reader.done) {
      const program = this.of(reader.string());
      program.slot = this.#withFacts.length;
      this.#withFacts.push(program);
      const has = reader.varint();
      if ((has & HAS_DECLARATION) !== 0) this.declare(program, readDeclarationInForce(reader, this.scopes));
      if (reader.varint() === 1) program.standing = { state: STANDINGS[reader.varint()] ?? 'active', untilUs: reader.double() };
      const entitlements = reader.varint();
      if (entitlements > 0) program.entitlements = new Map();
      for (let i = 0; i < entitlements; i++) program.entitlements?.set(reader.string(), reader.double());
      if ((has & HAS_SIGNED_TIMES) !== 0) program.signedTimes = readSignedTimes(reader);
    }
  }
}

function writeProgram(out: ByteWriter, program: ProgramState): void {
  out.string(program.id);
  out.varint((program.declaration === null ? 0 : HAS_DECLARATION) + (program.signedTimes === null ? 0 : HAS_SIGNED_TIMES));
  if (program.declaration !== null) writeDeclarationInForce(out, program.declaration);
  out.varint(program.standing === null ? 0 : 1);
  if (program.standing !== null) {
    out.varint(STANDINGS.indexOf(program.standing.state));
    out.double(program.standing.untilUs);
  }
  out.varint(program.entitlements?.size ?? 0);
  for (const [category, untilUs] of program.entitlements ?? []) {
    out.string(category);
    out.double(untilUs);
  }
  if (program.signedTimes !== null) writeSignedTimes(out, program.signedTimes);
}

function writeSignedTimes(out: ByteWriter, { standingUs, entitlementsUs }: SignedTimes): void {
  out.varint(standingUs + 1);
  out.varint(entitlementsUs.size);
  for (const [category, us] of entitlementsUs) {
    out.string(category);
    out.varint(us);
  }
}

function readSignedTimes(reader: ByteReader): SignedTimes {
  const standingUs = reader.varint() - 1;
  const entitlementsUs = new Map<string, number>();
  for (let n = reader.varint(); n > 0; n--) entitlementsUs.set(reader.string(), reader.varint());
  return { standingUs, entitlementsUs };
}
