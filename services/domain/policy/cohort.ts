/** Which share of programs a policy override reaches (contracts.md section 3): a program stays in its cohort. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BUCKETS = 10_000;

/** 32-bit FNV-1a over UTF-8 (Fowler, Noll, Vo). */
export function fnv1a32(text: string): number {
  let h = FNV_OFFSET;
  for (const byte of Buffer.from(text, 'utf8')) h = Math.imul(h ^ byte, FNV_PRIME);
  return h >>> 0;
}

/** Bucket of a program, 0 to 9,999; it is in the cohort of `p` percent when the bucket is below `p * 100`. */
export function cohortBucket(program: string): number {
  return fnv1a32(program) % BUCKETS;
}
