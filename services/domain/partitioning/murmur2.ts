/**
 * The partition of a program: Kafka's default partitioner, so that hosts that write to Kafka themselves agree with us.
 * Source of the formula: org.apache.kafka.common.utils.Utils.murmur2 (Austin Appleby's MurmurHash2, seed 0x9747b28c).
 */
const M = 0x5bd1e995;
const SEED = 0x9747b28c;

/** Signed 32-bit murmur2 of the bytes. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let h = SEED ^ length;
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length & 3;
  if (rest === 3) h ^= bytes[words + 2]! << 16;
  if (rest >= 2) h ^= bytes[words + 1]! << 8;
  if (rest >= 1) {
    h ^= bytes[words]!;
    h = Math.imul(h, M);
  }
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return (h ^ (h >>> 15)) | 0;
}

/** Partition (0 to `partitions` - 1) of a program id: `(murmur2(UTF-8) & 0x7fffffff) % partitions`. */
export function partitionOf(subject: string, partitions: number): number {
  return (murmur2(utf8(subject)) & 0x7fffffff) % partitions;
}

/** Ids are short: one buffer is used again for those, a new one is made for the rest. */
const scratch = Buffer.allocUnsafe(1024);
function utf8(text: string): Uint8Array {
  if (text.length * 3 > scratch.length) return Buffer.from(text, 'utf8');
  return scratch.subarray(0, scratch.write(text, 'utf8'));
}
