/** Where a record belongs, and which ids a partition still remembers (contracts.md section 1, exact-rules.md section 2). */

/** Kafka's murmur2 (seed 0x9747b28c) of the UTF-8 bytes, as 32 bits. */
export function murmur2(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  const mix = 0x5bd1e995;
  let hash = 0x9747b28c ^ bytes.length;
  const words = Math.floor(bytes.length / 4);
  for (let word = 0; word < words; word += 1) {
    let k = Math.imul(bytes.readInt32LE(word * 4), mix);
    k = Math.imul(k ^ (k >>> 24), mix);
    hash = Math.imul(hash, mix) ^ k;
  }
  const rest = bytes.subarray(words * 4);
  if (rest.length > 0) {
    for (let index = rest.length - 1; index >= 0; index -= 1) hash ^= rest[index]! << (8 * index);
    hash = Math.imul(hash, mix);
  }
  hash = Math.imul(hash ^ (hash >>> 13), mix);
  return (hash ^ (hash >>> 15)) | 0;
}

export const partitionOf = (key: string, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions;

/** The ids of the last `records` accepted records of one partition. */
export class DuplicateWindow {
  private readonly records: number;
  private readonly seen = new Set<string>();

  constructor(records: number) {
    this.records = records;
  }

  has({ subject, source, id }: { readonly subject: string; readonly source: string; readonly id: string }): boolean {
    return this.seen.has(JSON.stringify([subject, source, id]));
  }

  /** False for a duplicate; otherwise the id is remembered, and the oldest one forgotten when the window is full. */
  accept(key: { readonly subject: string; readonly source: string; readonly id: string }): boolean {
    const text = JSON.stringify([key.subject, key.source, key.id]);
    if (this.seen.has(text)) return false;
    this.seen.add(text);
    if (this.seen.size > this.records) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}
