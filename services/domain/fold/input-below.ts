/** The part of a batch that lies below an offset. */
import type { FoldInput } from './fold.ts';

/** The records of `input` below `offset`; the whole of it when it ends there or before. Copies nothing. */
export function inputBelow(input: FoldInput, offset: number): FoldInput {
  if (input.nextOffset <= offset) return input;
  let { count } = input;
  while (count > 0 && input.offsets[count - 1]! >= offset) count--;
  return { ...input, count, nextOffset: offset };
}
