/**
 * Bytes to lines (exact-rules.md section 1): ended by LF or CR LF, the last one may have no end; a byte-order mark before the first
 * is skipped; a line of only spaces and tabs is no record. Memory is bounded whatever a line's length: no more is passed on than the log takes, which
 * is enough to be `too_large` further on.
 */
import { RECORD_BYTES_KEPT } from '../../schemas/codes.ts';

/** What is kept of a line whose end has not come yet: one byte more, in case it is the CR of the end. */
const CARRY_BYTES_MAX = RECORD_BYTES_KEPT + 1;
const CARRY_BYTES_START = 4096;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
export const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Lines in the order of the file, without their ends: line `i` is `bytes[starts[i], ends[i])`. None is blank. */
export interface LineBatch {
  readonly bytes: Buffer;
  /** Ends of lines, blank ones too, before `bytes`. */
  readonly lineEndsBefore: number;
  readonly count: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Push the chunks of one file in order, then call `end` once. Batches refer to the pushed chunks, which must not be changed. */
export class LineSplitter {
  /** Lines of nothing, spaces and tabs so far. */
  blankLines = 0;

  /** The beginning of a line whose end has not come yet, cut to what is passed on. Null between lines. */
  #carry: Buffer | null = null;
  #carryBytes = 0;
  /** In the chunks before. */
  #lineEnds = 0;
  /** Of the carried line, also of what was cut off: its length, its leading spaces and tabs, and its last byte. */
  #lineBytes = 0;
  #blankBytes = 0;
  #lastByte = 0;
  /** First bytes of the file, until it is known whether they are a byte-order mark. Null afterwards. */
  #head: Buffer | null = BYTE_ORDER_MARK.subarray(0, 0);

  push(chunk: Buffer): LineBatch[] {
    const bytes = this.#withoutMark(chunk, false);
    return bytes === null ? [] : this.#split(bytes);
  }

  /** What is left when the file ends without a line end. */
  end(): LineBatch[] {
    const rest = this.#withoutMark(Buffer.alloc(0), true);
    const batches = rest === null ? [] : this.#split(rest);
    const last = this.#carry === null ? null : this.#takeCarried(false);
    return last === null ? batches : [...batches, last];
  }

  #split(bytes: Buffer): LineBatch[] {
    const batches: LineBatch[] = [];
    let at = 0;
    let lineEnds = 0;
    if (this.#carry !== null) {
      const lineEnd = bytes.indexOf(LF);
      this.#append(bytes, 0, lineEnd === -1 ? bytes.length : lineEnd);
      if (lineEnd === -1) return batches;
      const carried = this.#takeCarried(true);
      if (carried !== null) batches.push(carried);
      at = lineEnd + 1;
      lineEnds++;
    }
    const blankLines = this.blankLines;
    const whole = this.#wholeLines(bytes, at);
    if (whole.count > 0) batches.push(whole);
    this.#lineEnds += lineEnds + whole.count + this.blankLines - blankLines;
    const rest = bytes.lastIndexOf(LF) + 1;
    if (rest < bytes.length) this.#append(bytes, rest, bytes.length);
    return batches;
  }

  /** The lines of `bytes` from `at` on that end in it. */
  #wholeLines(bytes: Buffer, at: number): LineBatch {
    let starts: Uint32Array = new Uint32Array(Math.max(16, bytes.length >>> 7));
    let ends: Uint32Array = new Uint32Array(starts.length);
    let count = 0;
    for (let lineEnd = bytes.indexOf(LF, at); lineEnd !== -1; lineEnd = bytes.indexOf(LF, at)) {
      const end = lineEnd > at && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      if (leadingBlanks(bytes, at, end) === end - at) this.blankLines++;
      else {
        if (count === starts.length) {
          starts = grown(starts);
          ends = grown(ends);
        }
        starts[count] = at;
        ends[count++] = Math.min(end, at + RECORD_BYTES_KEPT);
      }
      at = lineEnd + 1;
    }
    return { bytes, lineEndsBefore: this.#lineEnds, count, starts, ends };
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const taken = Math.min(end - start, CARRY_BYTES_MAX - this.#carryBytes);
    const needed = this.#carryBytes + taken;
    if (this.#carry === null || this.#carry.length < needed) {
      const grownTo = Math.min(CARRY_BYTES_MAX, Math.max(CARRY_BYTES_START, 2 * needed));
      const larger = Buffer.allocUnsafeSlow(grownTo);
      this.#carry?.copy(larger, 0, 0, this.#carryBytes);
      this.#carry = larger;
    }
    bytes.copy(this.#carry, this.#carryBytes, start, start + taken);
    this.#carryBytes = needed;
    if (this.#blankBytes === this.#lineBytes) this.#blankBytes += leadingBlanks(bytes, start, end);
    this.#lineBytes += end - start;
    if (end > start) this.#lastByte = bytes[end - 1]!;
  }

  /** The carried line, or null when it is blank. Its buffer goes with the batch and the carry begins anew. */
  #takeCarried(endsWithLineFeed: boolean): LineBatch | null {
    const lineBytes = this.#lineBytes - (endsWithLineFeed && this.#lastByte === CR ? 1 : 0);
    const isBlank = this.#blankBytes >= lineBytes;
    const bytes = this.#carry!;
    this.#carry = null;
    this.#carryBytes = this.#lineBytes = this.#blankBytes = this.#lastByte = 0;
    if (isBlank) {
      this.blankLines++;
      return null;
    }
    return {
      bytes,
      lineEndsBefore: this.#lineEnds,
      count: 1,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(Math.min(lineBytes, RECORD_BYTES_KEPT)),
    };
  }

  /** The bytes that follow a byte-order mark at the start of the file; null while there are too few to tell. */
  #withoutMark(chunk: Buffer, isLast: boolean): Buffer | null {
    if (this.#head === null) return chunk;
    const bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    if (bytes.length < BYTE_ORDER_MARK.length && !isLast) {
      this.#head = bytes;
      return null;
    }
    this.#head = null;
    return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
  }
}

/** Number of spaces and tabs that `bytes[start, end)` begins with. */
function leadingBlanks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at - start;
}

function grown(positions: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * positions.length);
  larger.set(positions);
  return larger;
}

/** Splits a stream of chunks. `splitter` counts the blank lines. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, splitter = new LineSplitter()): AsyncGenerator<LineBatch> {
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}
