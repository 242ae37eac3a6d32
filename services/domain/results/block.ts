/** Codec of a block's record: length of the header (UInt32, little endian), the header as JSON, the rows. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { OPEN_MARK } from '../authority/authority.ts';
import type { BlockHeader, LedgerFigures } from '../../../schemas/results/block.ts';

export interface Block {
  readonly header: BlockHeader;
  /** RowBinary, see schemas/results/columns.ts. */
  readonly rows: Buffer;
}

/** So that the next block, which is about as large, fits into the same memory. */
const SPARE = 1.1;
export const FIRST_ENTRY_HASH = '0'.repeat(64);

/** SHA-256 over the entry before and the entry's own figures (RFC 8785), hexadecimal. */
export function entryHash(before: string, figures: LedgerFigures): string {
  return createHash('sha256').update(before).update(canonicalize(figures)!).digest('hex');
}

/** What the entry's hash covers. */
export function figuresOf({
  entryHash: _,
  erasures: __,
  liveArrivals: ___,
  authority: ____,
  news: _____,
  ...figures
}: BlockHeader): LedgerFigures {
  return figures;
}

/** @param spent a block of this function that nobody needs any more: its memory is used again where it is large enough */
export function encodeBlock({ header, rows }: Block, spent: Buffer | null = null): Buffer {
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const bytes = 4 + text.length + rows.length;
  const isEnough = spent !== null && spent.buffer.byteLength >= bytes;
  const memory = isEnough ? Buffer.from(spent.buffer) : Buffer.allocUnsafeSlow(Math.ceil(bytes * SPARE));
  const out = memory.subarray(0, bytes);
  out.writeUInt32LE(text.length, 0);
  text.copy(out, 4);
  rows.copy(out, 4 + text.length);
  return out;
}

/** Our own bytes from our own log: anything else is a bug or a damaged disk, and is said so. Copies nothing. */
export function decodeBlock(bytes: Buffer): Block {
  const length = bytes.length >= 4 ? bytes.readUInt32LE(0) : Number.POSITIVE_INFINITY;
  if (4 + length > bytes.length) throw new Error('a block of ntk.results ends early: the log is damaged; restore it from a copy');
  // Before there were signatures nobody wrote whose facts counted: everybody's did.
  const stored = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as Omit<BlockHeader, 'authority'>;
  const header = { authority: OPEN_MARK, ...stored };
  return { header, rows: bytes.subarray(4 + length) };
}

/** The blocks of a batch that was read from `ntk.results`, in order, without copying their rows. */
export function* blocksOf({ bytes, starts, count }: BatchOfBlocks): Generator<Block, void> {
  for (let i = 0; i < count; i++) yield decodeBlock(bytes.subarray(starts[i], starts[i + 1]));
}

/** Record i is `bytes[starts[i], starts[i + 1])`; the log's RecordBatch is one. */
interface BatchOfBlocks {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly count: number;
}
