/**
 * Compression for kafkajs's producer, which brings gzip alone: what hosts use. Snappy and LZ4 are written as literals and stored
 * blocks, which every decoder has to take; what arrives does not depend on how well they compress.
 */
import { createRequire } from 'node:module';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { CompressionCodecs } from 'kafkajs';

export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

const LITERAL_BYTES_MAX = 0x10000;
/** Xerial's framing, as Kafka's Java clients have it: magic, version, compatible version. */
const XERIAL_HEADER = Buffer.concat([Buffer.from('\u0082SNAPPY\0', 'latin1'), int32(1), int32(1)]);
/** LZ4 frame: magic, version 1 with independent blocks, blocks of 64 KiB, checksum of those two. */
const LZ4_HEADER = Buffer.from('04224d18604082', 'hex');
const LZ4_STORED = 0x8000_0000;

/** Tells kafkajs of all codecs of Kafka. */
export function registerCodecs(): void {
  // Not among the names that Node finds in the package when a module imports it.
  const { CompressionCodecs: codecs } = createRequire(import.meta.url)('kafkajs') as {
    CompressionCodecs: typeof CompressionCodecs;
  };
  const register = (codec: number, compress: (bytes: Buffer) => Buffer): void => {
    codecs[codec as keyof typeof codecs] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => compress(buffer),
      // What hosts read is what the broker made of it.
      decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
    });
  };
  register(CODEC.snappy, snappy);
  register(CODEC.lz4, lz4);
  register(CODEC.zstd, (bytes) => zstdCompressSync(bytes));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function parts(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / LITERAL_BYTES_MAX) }, (_, i) =>
    bytes.subarray(i * LITERAL_BYTES_MAX, (i + 1) * LITERAL_BYTES_MAX),
  );
}

function snappy(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
  length.push(rest);
  const literals = parts(bytes).flatMap((part) => {
    // A literal whose length less one stands in the two bytes that follow.
    const tag = Buffer.from([61 << 2, 0, 0]);
    tag.writeUInt16LE(part.length - 1, 1);
    return [tag, part];
  });
  const block = Buffer.concat([Buffer.from(length), ...literals]);
  return Buffer.concat([XERIAL_HEADER, int32(block.length), block]);
}

function lz4(bytes: Buffer): Buffer {
  const blocks = parts(bytes).flatMap((part) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE((LZ4_STORED | part.length) >>> 0);
    return [size, part];
  });
  return Buffer.concat([LZ4_HEADER, ...blocks, Buffer.alloc(4)]);
}
