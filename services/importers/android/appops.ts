/**
 * `dumpsys appops` of an Android device to accesses. A dump has only the last access of each kind (op, part of the program, state of
 * the process): what was used, and whether off screen, but no rates. Dumps overlap, so what was imported is remembered in the import
 * ledger.
 */
import { encodingOf } from '../../domain/record/json.ts';
import type { Candidate, ConvertOptions } from '../candidate.ts';
import type { LineBatch } from '../lines.ts';
import { ANDROID_OTHER_OPS } from '../../../schemas/catalogue/index.ts';
import { readAppOpsLine, type UsedLine } from './appops-line.ts';
import { DumpRun } from './dump-run.ts';

const BRACE = 0x7b;

export async function* convertAppOps(
  lines: AsyncIterable<LineBatch>,
  options: ConvertOptions,
): AsyncGenerator<readonly Candidate[]> {
  const reader = new DumpReader(options);
  let toSkip = options.skip;
  const left = (candidates: readonly Candidate[]): readonly Candidate[] => {
    const rest = candidates.slice(toSkip);
    toSkip -= candidates.length - rest.length;
    return rest;
  };
  for await (const { bytes, count, starts, ends } of lines) {
    for (let i = 0; i < count; i++) {
      const finished = reader.read(bytes.subarray(starts[i], ends[i]));
      if (finished !== null) yield left(finished);
    }
  }
  yield left(reader.end());
}

/** Where in the dump a line stands. */
interface Context {
  /** Null outside of what is said about uids. */
  androidUser: number | null;
  program: string | null;
  op: string | null;
  tag: string | null;
}

const OUTSIDE: Readonly<Context> = { androidUser: null, program: null, op: null, tag: null };
const UNKNOWN = { kind: 'unknown' } as const;

class DumpReader {
  readonly #options: ConvertOptions;
  readonly #run: DumpRun;
  readonly #at: Context = { ...OUTSIDE };
  #lineNumber = 0;
  #hasUid = false;

  constructor(options: ConvertOptions) {
    this.#options = options;
    this.#run = new DumpRun(options);
  }

  /** Answers what came before, when a dump begins or a run of lines is full. */
  read(line: Buffer): Candidate[] | null {
    this.#lineNumber++;
    const isText = encodingOf(line) !== 'mixed';
    const read = isText ? readAppOpsLine(line.toString('utf8')) : UNKNOWN;
    // Whatever else it looks like: it was an access and may not be taken for a heading.
    if (read.kind !== 'used' && saysAccess(line)) return this.#passOn(line);
    const at = this.#at;
    switch (read.kind) {
      case 'dump':
        Object.assign(at, OUTSIDE);
        return this.#run.take();
      case 'uid':
        this.#hasUid = true;
        Object.assign(at, { androidUser: read.androidUser, program: null, op: null, tag: null });
        return null;
      case 'package':
        if (at.androidUser === null) return this.#leaveOut(line);
        Object.assign(at, { program: read.name, op: null, tag: null });
        return null;
      case 'op':
        if (at.program === null) return this.#leaveOut(line);
        Object.assign(at, { op: read.op, tag: null });
        return null;
      case 'attribution':
        if (at.op === null) return this.#leaveOut(line);
        at.tag = read.tag;
        return null;
      case 'running':
        this.#options.odd.note('still_running', this.#lineNumber, at.op ?? '');
        return null;
      case 'setting':
        return at.androidUser === null ? this.#leaveOut(line) : null;
      case 'used':
        return this.#use(line, read);
      case 'unknown':
        return this.#leaveOut(line);
    }
  }

  end(): Candidate[] {
    if (!this.#hasUid && this.#lineNumber > 0) this.#options.odd.note('no_appops', 1);
    return this.#run.take();
  }

  #use(line: Buffer, used: UsedLine): Candidate[] | null {
    const { androidUser, program, op, tag } = this.#at;
    if (androidUser === null || program === null || op === null) return this.#passOn(line);
    if (ANDROID_OTHER_OPS.has(op.toLowerCase())) {
      this.#options.odd.note('without_personal_data', this.#lineNumber, op);
      return null;
    }
    const isTaken = this.#run.use({ ...used, androidUser, program, op, tag, line: this.#lineNumber });
    return isTaken ? this.#full() : this.#passOn(line);
  }

  /**
   * A line that is not understood: below a program it may be an access and is rejected with its bytes; elsewhere it is about a uid, or
   * as far to the left as uids are one of the dump's other sections.
   */
  #leaveOut(line: Buffer): Candidate[] | null {
    const at = this.#at;
    const isSection = indentOf(line) <= SECTION_INDENT_MAX;
    if (at.program !== null && !isSection) return this.#passOn(line);
    if (isSection) Object.assign(at, OUTSIDE);
    this.#options.odd.note('skipped_line', this.#lineNumber);
    return null;
  }

  #passOn(line: Buffer): Candidate[] | null {
    this.#options.odd.note('unknown_shape', this.#lineNumber);
    this.#run.addUnknown(line, line.includes(BRACE));
    return this.#full();
  }

  #full(): Candidate[] | null {
    return this.#run.isFull ? this.#run.take() : null;
  }
}

/** Sections stand as far to the left as uids do. */
const SECTION_INDENT_MAX = 2;
const SPACE = 0x20;
const WORDS = [Buffer.from('Access:'), Buffer.from('Reject:')];

function indentOf(line: Buffer): number {
  let indent = 0;
  while (line[indent] === SPACE) indent++;
  return indent;
}

function saysAccess(line: Buffer): boolean {
  return WORDS.some((word) => line.includes(word));
}
