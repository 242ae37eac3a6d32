/** Keys as SQLite stores them: UTF-16BE, because the order of those bytes is the order of code units (UTF-8's is not). */

export function encodeKey(key: string): Buffer {
  return Buffer.from(key, 'utf16le').swap16();
}

/** @throws RangeError for an odd number of bytes, which {@link encodeKey} never makes */
export function decodeKey(bytes: Uint8Array): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}
