/**
 * Finds the `subject` of a record without building the record: one pass over the bytes that accepts nothing that is not JSON
 * (RFC 8259) and gives up, instead of guessing, where the answer needs more than that. `JSON.parse` decides whatever this leaves
 * open and takes three times as long; test/importers/cloudevents.test.ts holds the two against each other.
 */

/** The answer when only a full parse can tell: no object, not valid, no subject, one with escapes, or nested too deep to bother. */
const UNDECIDED = -1;

/** Containers inside the record's own; a record of the contract holds five. */
const SCAN_DEPTH_MAX = 16;

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;

/** 1 for bytes that a string holds as they are. From 0x80 on too: the caller vouches for UTF-8. */
const PLAIN = new Uint8Array(256).map((_, byte) => (byte >= 0x20 && byte !== QUOTE && byte !== 0x5c ? 1 : 0));
/** 1 for what may follow a backslash, without `u`. */
const ESCAPABLE = tableOf('"\\/bfnrt');
const SPACE = tableOf(' \t\r\n');
const DIGIT = tableOf('0123456789');
const HEX = tableOf('0123456789abcdefABCDEF');
const SUBJECT = Buffer.from('subject');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** Where a subject lies in the bytes of a record, without its quotes. */
export interface SubjectPlace {
  start: number;
  end: number;
}

/**
 * Scans the line `bytes[start, end)`, which must be valid UTF-8. True, and `place` set, when it is a JSON object whose last
 * top-level `subject` is a string without escapes; false when undecided.
 */
export function scanSubject(bytes: Uint8Array, start: number, end: number, place: SubjectPlace): boolean {
  let at = skipSpace(bytes, start, end);
  if (at >= end || bytes[at] !== 0x7b) return false;
  let found = false;
  do {
    const keyStart = skipSpace(bytes, at + 1, end) + 1;
    const keyEnd = plainStringEnd(bytes, keyStart, end);
    if (keyEnd === UNDECIDED || bytes[keyStart - 1] !== QUOTE) return false;
    at = skipSpace(bytes, keyEnd + 1, end);
    if (at >= end || bytes[at] !== 0x3a) return false;
    at = skipSpace(bytes, at + 1, end);
    if (keyEnd - keyStart === SUBJECT.length && isWord(bytes, keyStart, SUBJECT)) {
      const subjectEnd = plainStringEnd(bytes, at + 1, end);
      if (subjectEnd === UNDECIDED || bytes[at] !== QUOTE) return false;
      place.start = at + 1;
      place.end = subjectEnd;
      found = true;
      at = subjectEnd + 1;
    } else {
      at = skipValue(bytes, at, end, 0);
      if (at === UNDECIDED) return false;
    }
    at = skipSpace(bytes, at, end);
  } while (at < end && bytes[at] === 0x2c);
  return found && at < end && bytes[at] === 0x7d && skipSpace(bytes, at + 1, end) === end;
}

/** Position after the value that begins at `at`. */
function skipValue(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) return UNDECIDED;
  switch (bytes[at]) {
    case QUOTE:
      return skipString(bytes, at + 1, end);
    case 0x7b:
      return skipObject(bytes, at, end, depth + 1);
    case 0x5b:
      return skipArray(bytes, at, end, depth + 1);
    case 0x74:
      return skipWord(bytes, at, end, TRUE);
    case 0x66:
      return skipWord(bytes, at, end, FALSE);
    case 0x6e:
      return skipWord(bytes, at, end, NULL);
    default:
      return skipNumber(bytes, at, end);
  }
}

function skipObject(bytes: Uint8Array, open: number, end: number, depth: number): number {
  if (depth > SCAN_DEPTH_MAX) return UNDECIDED;
  let at = skipSpace(bytes, open + 1, end);
  if (at < end && bytes[at] === 0x7d) return at + 1;
  for (;;) {
    if (at >= end || bytes[at] !== QUOTE) return UNDECIDED;
    at = skipString(bytes, at + 1, end);
    if (at === UNDECIDED) return UNDECIDED;
    at = skipSpace(bytes, at, end);
    if (at >= end || bytes[at] !== 0x3a) return UNDECIDED;
    at = skipValue(bytes, skipSpace(bytes, at + 1, end), end, depth);
    if (at === UNDECIDED) return UNDECIDED;
    at = skipSpace(bytes, at, end);
    if (at >= end) return UNDECIDED;
    if (bytes[at] === 0x7d) return at + 1;
    if (bytes[at] !== 0x2c) return UNDECIDED;
    at = skipSpace(bytes, at + 1, end);
  }
}

function skipArray(bytes: Uint8Array, open: number, end: number, depth: number): number {
  if (depth > SCAN_DEPTH_MAX) return UNDECIDED;
  let at = skipSpace(bytes, open + 1, end);
  if (at < end && bytes[at] === 0x5d) return at + 1;
  for (;;) {
    at = skipValue(bytes, at, end, depth);
    if (at === UNDECIDED) return UNDECIDED;
    at = skipSpace(bytes, at, end);
    if (at >= end) return UNDECIDED;
    if (bytes[at] === 0x5d) return at + 1;
    if (bytes[at] !== 0x2c) return UNDECIDED;
    at = skipSpace(bytes, at + 1, end);
  }
}

/** `at` is behind the opening quote; the answer behind the closing one. */
function skipString(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (PLAIN[byte] === 1) continue;
    if (byte === QUOTE) return at + 1;
    if (byte !== 0x5c || ++at >= end) return UNDECIDED;
    if (ESCAPABLE[bytes[at]!] === 1) continue;
    if (bytes[at] !== 0x75 || !isCharacterEscape(bytes, at + 1, end)) return UNDECIDED;
    at += 4;
  }
  return UNDECIDED;
}

/** Four hexadecimal digits that are no half of a surrogate pair: those are left to the full parse. */
function isCharacterEscape(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 4 > end) return false;
  for (let i = at; i < at + 4; i++) if (HEX[bytes[i]!] === 0) return false;
  return (bytes[at]! | 0x20) !== 0x64 || bytes[at + 1]! < 0x38;
}

/** Position of the closing quote of a string that holds no escape. `at` is behind the opening quote. */
function plainStringEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && PLAIN[bytes[at]!] === 1) at++;
  return at < end && bytes[at] === QUOTE ? at : UNDECIDED;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === MINUS) at++;
  const first = at;
  at = skipDigits(bytes, at, end);
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return UNDECIDED;
  if (at < end && bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = skipDigits(bytes, fraction, end);
    if (at === fraction) return UNDECIDED;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === MINUS || bytes[at] === 0x2b)) at++;
    const exponent = at;
    at = skipDigits(bytes, exponent, end);
    if (at === exponent) return UNDECIDED;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && DIGIT[bytes[at]!] === 1) at++;
  return at;
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && SPACE[bytes[at]!] === 1) at++;
  return at;
}

function skipWord(bytes: Uint8Array, at: number, end: number, word: Uint8Array): number {
  return at + word.length <= end && isWord(bytes, at, word) ? at + word.length : UNDECIDED;
}

function isWord(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}
