/** Finds the few records of a batch that are worth parsing, by what stands in their bytes. */
import type { RecordBatch } from '../../platform/log/event-log.ts';

/** Indices of the records that hold one of some texts anywhere, each once, in their order. */
export function* recordsWith({ bytes, starts, count }: RecordBatch, needles: readonly Buffer[]): Generator<number> {
  // Whoever has read a batch may have left room behind its last record.
  const records = bytes.subarray(0, starts[count]);
  for (let at = next(records, needles, 0); at !== -1; ) {
    const i = recordAt(starts, count, at);
    yield i;
    at = next(records, needles, starts[i + 1]!);
  }
}

function next(bytes: Buffer, needles: readonly Buffer[], from: number): number {
  const found = needles.map((needle) => bytes.indexOf(needle, from)).filter((at) => at !== -1);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** The record that holds position `at`. */
function recordAt(starts: Uint32Array, count: number, at: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
