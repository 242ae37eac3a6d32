/**
 * Bytes to a JSON value, as strictly as exact-rules.md section 1 asks: valid UTF-8, RFC 8259, no escape that leaves a lone
 * surrogate, at most 512 levels. `JSON.parse` is the parser; what it lets through beyond that is looked for afterwards, and
 * only where it can be: most records hold no `\u` and are too short to nest deeply.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { JSON_DEPTH_MAX } from '../../../schemas/codes.ts';

/** How the bytes of a whole batch may be decoded; found once a batch, because a look at each record costs more. */
export type Encoding = 'ascii' | 'utf8' | 'mixed';

export function encodingOf(bytes: Buffer): Encoding {
  if (isAscii(bytes)) return 'ascii';
  return isUtf8(bytes) ? 'utf8' : 'mixed';
}

/** What {@link parseJson} answers for bytes that are no JSON text. `undefined` is never a JSON value. */
export const INVALID_JSON = undefined;

/**
 * Parses `bytes[start, end)`. Answers `undefined` for anything that is not valid.
 * A batch that is valid UTF-8 as a whole is so in each record but for its first and last character, which two records may share; what is
 * made of a part of one stands in no string that is closed, and is no JSON.
 */
export function parseJson(bytes: Buffer, start: number, end: number, encoding: Encoding): unknown {
  let text: string;
  if (encoding === 'ascii') {
    text = bytes.toString('latin1', start, end);
  } else {
    if (encoding === 'mixed' && !isUtf8(bytes.subarray(start, end))) return INVALID_JSON;
    text = bytes.toString('utf8', start, end);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return INVALID_JSON;
  }
  // 512 levels need 513 brackets that open and as many that close to be passed.
  if (text.length > 2 * JSON_DEPTH_MAX && isTooDeep(text)) return INVALID_JSON;
  if (text.includes('\\u') && hasLoneSurrogateEscape(text)) return INVALID_JSON;
  return value;
}

/** `text` is valid JSON. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > JSON_DEPTH_MAX) return true;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return false;
}

/** `text` is valid JSON. Looks at the text and not at the value, where a repeated name has already hidden the earlier one. */
function hasLoneSurrogateEscape(text: string): boolean {
  /** Where the other half of a pair has to follow: whatever comes instead, it is not there. */
  let highEndsAt = -1;
  for (let i = text.indexOf('\\'); i !== -1; i = text.indexOf('\\', i)) {
    if (text.charCodeAt(i + 1) !== 0x75) {
      i += 2;
      continue;
    }
    const unit = Number.parseInt(text.slice(i + 2, i + 6), 16);
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (highEndsAt !== -1 && (highEndsAt !== i || !isLow)) return true;
    if (isLow && highEndsAt === -1) return true;
    highEndsAt = unit >= 0xd800 && unit <= 0xdbff ? i + 6 : -1;
    i += 6;
  }
  return highEndsAt !== -1;
}
