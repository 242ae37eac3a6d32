/**
 * Reads JSON as nearly all of it is: ASCII, strings without escapes, integers of a few digits. From the first thing on that is not so
 * `isUsual` is false, and what was read counts for nothing. It accepts nothing that is not JSON (RFC 8259).
 *
 * Nothing looks where a document ends before its last bracket was read: whoever reads on into the next one ends elsewhere.
 */
import { TextCache } from './text-cache.ts';

/** Programs, sources, APIs, purposes, pages: a few thousand are busy at a time. */
const TEXT_SLOTS = 8_192;
const LISTS_MAX = 4_096;
/** So many digits are below 2^53 whatever they are. */
const DIGITS_MAX = 15;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const COLON = 0x3a;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** 1 for what an ASCII string holds as it is. */
const PLAIN = new Uint8Array(256).map((_, byte) => (byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== 0x5c ? 1 : 0));
/** FNV-1a's. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;
/** No key of those that were asked for. */
export const NONE = -1;

export const word = (text: string): Uint8Array => Buffer.from(text);
const [TRUE, FALSE] = [word('true'), word('false')];

/** Keys of an object, and which came after each the last time: members mostly have one order. */
export class Keys {
  readonly names: readonly Uint8Array[];
  readonly after: Uint8Array;

  constructor(names: readonly string[]) {
    this.names = names.map(word);
    this.after = Uint8Array.from(names, (_, key) => (key + 1) % names.length);
  }
}

export class PlainJson {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** Where the last string that was read begins; it ends before {@link at}, at its quote. */
  stringAt = 0;
  isUsual = true;
  readonly #texts = new TextCache(TEXT_SLOTS);
  readonly #lists = new Map<string, readonly string[]>();

  begin(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.at = start;
    this.isUsual = true;
  }

  /** Whether an object begins here; then the first key is next. */
  isObject(): boolean {
    return this.bytes[this.at] === OPEN;
  }

  /** From an opening bracket or comma to the value of the next member; the key's index, or NONE. `before`: the one before it. */
  key({ names, after }: Keys, before: number): number {
    const bytes = this.bytes;
    let at = this.#skipSpace(this.at + 1);
    if (bytes[at++] !== QUOTE) return NONE;
    let key = after[before]!;
    if (!this.#isKey(names[key]!, at)) {
      key = this.#find(names, at);
      if (key === NONE) return NONE;
      after[before] = key;
    }
    at = this.#skipSpace(at + names[key]!.length + 1);
    if (bytes[at] !== COLON) return NONE;
    this.at = this.#skipSpace(at + 1);
    return key;
  }

  /** No closure: `at` would have to live in an object of its own, for each key. */
  #find(names: readonly Uint8Array[], at: number): number {
    for (let key = 0; key < names.length; key++) if (this.#isKey(names[key]!, at)) return key;
    return NONE;
  }

  #isKey(name: Uint8Array, at: number): boolean {
    const bytes = this.bytes;
    const { length } = name;
    if (bytes[at + length] !== QUOTE) return false;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
    return true;
  }

  #skipSpace(at: number): number {
    const bytes = this.bytes;
    while (bytes[at] === SPACE) at++;
    return at;
  }

  /** Behind a member's value: whether its object ends here, and then goes behind it. */
  isLast(): boolean {
    this.at = this.#skipSpace(this.at);
    const byte = this.bytes[this.at];
    if (byte === COMMA) return false;
    this.at++;
    if (byte !== CLOSE) this.isUsual = false;
    return true;
  }

  unusual(): void {
    this.isUsual = false;
  }

  /** These bytes and no others. */
  word(word: Uint8Array): void {
    const bytes = this.bytes;
    const at = this.at;
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return this.unusual();
    this.at = at + word.length;
  }

  /** Goes behind a string. */
  skipString(): void {
    const bytes = this.bytes;
    const start = this.at + 1;
    let at = start;
    while (PLAIN[bytes[at]!] === 1) at++;
    this.closeString(start, at);
  }

  /** A string that is not expected again. */
  string(): string {
    this.skipString();
    return this.isUsual ? this.bytes.toString('latin1', this.stringAt, this.at - 1) : '';
  }

  /** A string that is: the same object as the last time. */
  text(): string {
    const bytes = this.bytes;
    const start = this.at + 1;
    let at = start;
    let hash = HASH_START;
    for (let byte = bytes[at]!; PLAIN[byte] === 1; byte = bytes[++at]!) hash = Math.imul(hash ^ byte, HASH_FACTOR);
    this.closeString(start, at);
    return this.isUsual ? this.#texts.text(bytes, start, at, hash) : '';
  }

  /** A string from `start` to the quote at `at`; goes behind it. */
  closeString(start: number, at: number): void {
    this.stringAt = start;
    this.at = at + 1;
    if (this.bytes[start - 1] !== QUOTE || this.bytes[at] !== QUOTE) this.unusual();
  }

  /** Everything up to the first bracket that closes, if that is a list of strings as a whole: then the list ends there. */
  strings(): readonly string[] | null {
    const bytes = this.bytes;
    const start = this.at;
    let at = start;
    let hash = HASH_START;
    for (let byte = bytes[at]!; byte === QUOTE || (PLAIN[byte] === 1 && byte !== CLOSE_LIST); byte = bytes[++at]!) {
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    this.at = at + 1;
    const list = this.#texts.text(bytes, start, this.at, hash);
    const known = this.#lists.get(list);
    if (known !== undefined) return known;
    const strings = stringsOf(list);
    if (strings === null) this.unusual();
    else {
      if (this.#lists.size >= LISTS_MAX) this.#lists.clear();
      this.#lists.set(list, strings);
    }
    return strings;
  }

  boolean(): boolean {
    const isTrue = this.bytes[this.at] === TRUE[0];
    this.word(isTrue ? TRUE : FALSE);
    return isTrue;
  }

  integer(): number {
    const bytes = this.bytes;
    const start = this.at;
    let at = start;
    let value = 0;
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) value = value * 10 + digit;
    this.at = at;
    const isLeadingZero = at > start + 1 && bytes[start] === ZERO;
    if (at === start || at - start > DIGITS_MAX || isLeadingZero) this.unusual();
    return value;
  }
}

/** The members of a JSON list of strings without escapes; null for anything else. */
function stringsOf(list: string): readonly string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(list);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  return value.every((member) => typeof member === 'string') ? value : null;
}
