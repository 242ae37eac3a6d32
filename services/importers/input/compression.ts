/** What a file is, by its first bytes; its name is not asked. */

export type Compression = 'plain' | 'gzip' | 'zstd';

/** First bytes that {@link compressionOf} and {@link foreignFormatOf} want to see, fewer if the file has fewer. */
export const MAGIC_BYTES = 10;

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Containers that hold files or lines but are not read here; none of them can begin a JSON text. */
const FOREIGN_FORMATS: readonly (readonly [name: string, magic: Buffer])[] = [
  ['a zip archive', Buffer.from('PK\x03\x04', 'latin1')],
  ['an xz file', Buffer.from('\xfd7zXZ\x00', 'latin1')],
  ['a bzip2 file', Buffer.from('BZh91AY&SY', 'latin1')],
  ['a 7z archive', Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1')],
];

export function compressionOf(head: Buffer): Compression {
  if (startsWith(head, GZIP)) return 'gzip';
  // A skippable frame (0x184D2A50 to 0x184D2A5F) may come first: parallel compressors write one.
  const isSkippable = head.length >= 4 && (head[0]! & 0xf0) === 0x50 && head.readUIntLE(1, 3) === 0x184d2a;
  return isSkippable || startsWith(head, ZSTD) ? 'zstd' : 'plain';
}

/** Name of a container that has to be unpacked first, or null. */
export function foreignFormatOf(head: Buffer): string | null {
  return FOREIGN_FORMATS.find(([, magic]) => startsWith(head, magic))?.[0] ?? null;
}

function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}
