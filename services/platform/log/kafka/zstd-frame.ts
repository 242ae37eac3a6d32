/**
 * How long a zstd frame says that its contents are (RFC 8878, 3.1.1.1): what a host says, so that it is good for how much memory to begin with and for
 * nothing else.
 */
const MAGIC = 0xfd2f_b528;
const DESCRIPTOR_AT = 4;
const SINGLE_SEGMENT = 0x20;
/** By the lowest two bits of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
/** By the highest two; the first has a byte only where the frame is a single segment. */
const CONTENT_SIZE_BYTES = [1, 2, 4, 8] as const;
/** What two bytes say is less by this. */
const TWO_BYTES_FROM = 256;

/** Null where it does not say so, or is no frame. */
export function zstdContentBytes(frame: Buffer): number | null {
  if (frame.length <= DESCRIPTOR_AT || frame.readUInt32LE(0) !== MAGIC) return null;
  const descriptor = frame[DESCRIPTOR_AT]!;
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[descriptor >>> 6]!;
  if (sizeBytes === 1 && !isSingle) return null;
  const at = DESCRIPTOR_AT + 1 + (isSingle ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]!;
  if (frame.length < at + sizeBytes) return null;
  if (sizeBytes === 8) return Number(frame.readBigUInt64LE(at));
  return frame.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? TWO_BYTES_FROM : 0);
}
