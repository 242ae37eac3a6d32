/** What is folded: records of one partition as columns. The log's RecordBatch is one. */
export interface FoldInput {
  readonly count: number;
  /** Record i is `bytes[starts[i], starts[i + 1])`; so there is one start more than records. */
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  /** Ascending, with gaps where the log has none of ours. */
  readonly offsets: Float64Array;
  readonly appendedAtMs: Float64Array;
  /** How each came in: ORIGIN of schemas/codes.ts. */
  readonly origins: Uint8Array;
  /** Where the next batch begins; behind the last record there may be offsets without one. */
  readonly nextOffset: number;
}

/** The records of `input` below `offset`; the whole of it when it ends there or before. Copies nothing. */
export function inputBelow(input: FoldInput, offset: number): FoldInput {
  if (input.nextOffset <= offset) return input;
  let { count } = input;
  while (count > 0 && input.offsets[count - 1]! >= offset) count--;
  return { ...input, count, nextOffset: offset };
}
