/** Partitions by ordinal: the `i`-th of `n` processes has those whose number leaves `i` when it is divided by `n`. */

interface Ordinal {
  readonly index: number;
  readonly of: number;
}

/** `2/4` is the third of four. Null for anything else. */
export function parseOrdinal(text: string): Ordinal | null {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const ordinal = { index: Number(match?.[1]), of: Number(match?.[2]) };
  return match !== null && ordinal.index < ordinal.of ? ordinal : null;
}

/** Each partition belongs to exactly one of the `of` processes, and no two of them differ by more than one partition. */
export function partitionsOfOrdinal({ index, of }: Ordinal, partitions: number): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => partition % of === index);
}
