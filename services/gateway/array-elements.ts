/**
 * Cuts the elements of a JSON array out of its bytes. Each keeps the bytes it had: numbers, repeated names, escapes and spaces inside
 * are the sender's, and parsing and printing them again would change them.
 *
 * The scanner knows strings and counts brackets, in one pass without a stack, so depth costs nothing. It does not check the elements:
 * one that is no JSON is cut out as it is and becomes a reject in the log. When the body is a JSON array, its elements are exactly
 * those of `JSON.parse`; when all elements are JSON, so is the body. The second half is why nothing may be missing between commas.
 */

/** A message for the sender; `isTooMany` when the limit of elements was passed. */
export interface NotCut {
  readonly problem: string;
  readonly isTooMany: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
/** 1 for what ends or opens something; the bytes between are stepped over. Continuation bytes of UTF-8 are none of these. */
const SIGNS = new Uint8Array(256);
for (const sign of [QUOTE, COMMA, OPEN, CLOSE, 0x7b, 0x7d]) SIGNS[sign] = 1;

/** Views of `body`, in order, without the white space around them. */
export function arrayElements(body: Buffer, elementsMax: number): readonly Buffer[] | NotCut {
  const open = skipSpace(body, 0);
  if (body[open] !== OPEN) return notCut('a batch is a JSON array of CloudEvents');
  const elements: Buffer[] = [];
  let start = skipSpace(body, open + 1);
  if (body[start] === CLOSE) return endsAt(body, start) ? elements : notCut('something stands behind the array');
  let depth = 0;
  for (let at = start; at < body.length; at++) {
    const byte = body[at]!;
    if (SIGNS[byte] === 0) continue;
    if (byte === QUOTE) {
      at = stringEnd(body, at);
    } else if (byte === COMMA || byte === CLOSE) {
      if (depth > 0) {
        if (byte === CLOSE) depth--;
        continue;
      }
      const element = body.subarray(start, lastOf(body, start, at));
      if (element.length === 0) return notCut(`element ${elements.length} of the array is missing`);
      if (elements.length === elementsMax) return { problem: `at most ${elementsMax} records a request`, isTooMany: true };
      elements.push(element);
      if (byte === CLOSE) return endsAt(body, at) ? elements : notCut('something stands behind the array');
      start = skipSpace(body, at + 1);
      at = start - 1;
    } else if (byte === 0x7d) {
      if (--depth < 0) return notCut(`element ${elements.length} of the array closes more than it opens`);
    } else {
      depth++;
    }
  }
  return notCut('the array does not end');
}

/** Position of the closing quote, or the end of the body. */
function stringEnd(body: Buffer, open: number): number {
  for (let at = open + 1; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return body.length;
}

function notCut(problem: string): NotCut {
  return { problem, isTooMany: false };
}

function endsAt(body: Buffer, close: number): boolean {
  return skipSpace(body, close + 1) >= body.length;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(body: Buffer, at: number): number {
  while (isSpace(body[at])) at++;
  return at;
}

function lastOf(body: Buffer, start: number, end: number): number {
  while (end > start && isSpace(body[end - 1])) end--;
  return end;
}
