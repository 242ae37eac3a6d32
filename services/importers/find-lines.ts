/** Where in a file the records stand that became rejects: the log knows them by partition and offset, people by file and line. */
import { createHash } from 'node:crypto';
import type { Input } from './input/open-input.ts';
import { BYTE_ORDER_MARK, type LineBatch, linesOf } from './lines.ts';
import { unreadLine } from './unread-line.ts';

const LF = 0x0a;

/** What a reject says of the record as a whole. */
export interface RecordBytes {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface FoundLine {
  /** As an editor counts them: from 1, blank ones too. */
  readonly line: number;
  readonly sha256: string;
  /** The record's bytes, as the log got them. Valid until the next line is asked for. */
  readonly value: Uint8Array;
}

/** The lines of an input whose bytes are one of the records, in the order of the file; equal lines are all found. */
export async function* findLines(input: Pick<Input, 'chunks'>, records: Iterable<RecordBytes>): AsyncGenerator<FoundLine> {
  const lengths = new Set<number>();
  const hashes = new Set<string>();
  for (const { bytes, sha256 } of records) {
    lengths.add(bytes);
    hashes.add(sha256);
  }
  for await (const batch of linesOf(input.chunks())) yield* inBatch(batch, lengths, hashes);
}

function* inBatch(
  { bytes, lineEndsBefore, count, starts, ends }: LineBatch,
  lengths: ReadonlySet<number>,
  hashes: ReadonlySet<string>,
): Generator<FoundLine> {
  let line = lineEndsBefore + 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    line += lineEnds(bytes, at, starts[i]!);
    at = starts[i]!;
    for (const isMarked of [false, true]) {
      if (!lengths.has(ends[i]! - at + (isMarked ? BYTE_ORDER_MARK.length : 0))) continue;
      const { value } = unreadLine(bytes.subarray(at, ends[i]), isMarked);
      const sha256 = createHash('sha256').update(value).digest('hex');
      if (hashes.has(sha256)) yield { line, sha256, value };
    }
  }
}

function lineEnds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}
