/**
 * Of rows as a scorer encodes them (schemas/results/columns.ts), the columns that knowledge across programs is made from; the others are
 * passed over. In place and without an object a row: an aggregator reads what all scorers write.
 */
import { ACTIONS, REASONS } from '../../../schemas/codes.ts';

const INTERCEPT = ACTIONS.indexOf('intercept');
/** What reasons before it intercept reaches neither limits nor baselines. */
const LIMITS = REASONS.indexOf('rate_limited');
const BEFORE_LIMITS: ReadonlySet<string> = new Set(REASONS.slice(0, LIMITS));
const IMPORTED = 'imported';
/** Between `declaration_version` and `evidence`, and of one contribution's number. */
const ENGINE_BYTES = 2;
const SCORE_BYTES = 4;
const POLICY_HASH_BYTES = 16;
const UINT64_BYTES = 8;

export class RowReader {
  /** Of the row that {@link next} found; milliseconds since 1970. */
  eventTimeMs = 0;
  program = '';
  user = '';
  category = '';
  foreground = true;
  rows = 0;
  bytes = 0;
  declarationVersion = 0;
  /** The access was asked for limits and baselines (contracts.md section 2). */
  isJudged = true;
  readonly #buffer: Buffer;
  #at = 0;
  /** Where the developer's name begins, and behind it the class's. */
  #developerAt = 0;

  /** @param buffer whole rows of a block */
  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** False when there are no more rows. @throws RangeError when they end early: the log is damaged */
  next(): boolean {
    if (this.#at >= this.#buffer.length) return false;
    this.#at += UINT64_BYTES;
    this.#skipString();
    this.#skipString();
    this.eventTimeMs = this.#uint64();
    this.#at += UINT64_BYTES;
    this.program = this.#string();
    this.#developerAt = this.#at;
    this.#skipString();
    this.#skipString();
    this.user = this.#string();
    this.#skipString();
    this.category = this.#string();
    this.#skipString();
    this.foreground = this.#byte() === 1;
    this.rows = this.#uint64();
    this.bytes = this.#uint64();
    this.#skipString();
    this.#at += 2;
    this.isJudged = !this.#wasIntercepted();
    this.#skipString();
    this.#at += UINT64_BYTES;
    for (let i = 0; i < 3; i++) this.#skipString();
    this.#skipStrings();
    this.#at += UINT64_BYTES;
    this.#skipString();
    this.#at += ENGINE_BYTES + SCORE_BYTES;
    for (let left = this.#varint(); left > 0; left--) {
      this.#skipString();
      this.#at += SCORE_BYTES;
    }
    this.#at += POLICY_HASH_BYTES;
    this.declarationVersion = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    for (let left = this.#varint(); left > 0; left--) if (this.#string() === IMPORTED) this.isJudged = false;
    return true;
  }

  /** Both are made when they are asked for: they change with a program's declaration, hardly ever. */
  names(): { readonly developer: string; readonly className: string } {
    const at = this.#at;
    this.#at = this.#developerAt;
    const developer = this.#string();
    const className = this.#string();
    this.#at = at;
    return { developer, className };
  }

  /** Reads reasons and their actions in effect. */
  #wasIntercepted(): boolean {
    const count = this.#varint();
    let before = 0;
    for (let i = 0; i < count; i++) if (BEFORE_LIMITS.has(this.#string())) before = i + 1;
    this.#varint();
    let isIntercepted = false;
    for (let i = 0; i < count; i++) if (this.#byte() === INTERCEPT && i < before) isIntercepted = true;
    return isIntercepted;
  }

  #byte(): number {
    return this.#buffer.readUInt8(this.#at++);
  }

  #uint64(): number {
    const value = this.#buffer.readUInt32LE(this.#at) + this.#buffer.readUInt32LE(this.#at + 4) * 2 ** 32;
    this.#at += UINT64_BYTES;
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #string(): string {
    const length = this.#varint();
    const start = this.#at;
    this.#skip(length);
    return this.#buffer.toString('utf8', start, this.#at);
  }

  #skipString(): void {
    this.#skip(this.#varint());
  }

  #skipStrings(): void {
    for (let left = this.#varint(); left > 0; left--) this.#skipString();
  }

  #skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#buffer.length) throw new RangeError('a row of a block ends early: the log is damaged');
  }
}
