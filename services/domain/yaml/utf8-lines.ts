/** Where the bytes of a file are no UTF-8: read as text they would become replacement characters, and a name another name. */
import { isUtf8 } from 'node:buffer';

const LINE_FEED = 0x0a;
const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);

/** Both count from 1; columns in characters. */
export interface BytePlace {
  readonly line: number;
  readonly column: number;
}

/** The first such place of each line; no character of UTF-8 holds the byte that ends one. */
export function placesWithoutUtf8(bytes: Uint8Array): BytePlace[] {
  const places: BytePlace[] = [];
  if (isUtf8(bytes)) return places;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0, line = 1; start <= all.length; line++) {
    const feed = all.indexOf(LINE_FEED, start);
    const end = feed === -1 ? all.length : feed;
    const one = all.subarray(start, end);
    if (!isUtf8(one)) places.push({ line, column: columnOf(one) });
    start = end + 1;
  }
  return places;
}

/** Of the first replacement that the bytes do not have themselves. */
function columnOf(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let at = text.indexOf(REPLACEMENT);
  for (let offset = Buffer.byteLength(text.slice(0, at)); bytes.indexOf(REPLACEMENT_BYTES, offset) === offset; ) {
    const next = text.indexOf(REPLACEMENT, at + 1);
    offset += Buffer.byteLength(text.slice(at, next));
    at = next;
  }
  return at + 1;
}
