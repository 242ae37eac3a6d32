/**
 * Lines of CloudEvents to partitions (contracts.md section 1). The bytes go into the log as they are; whether a line is a record is
 * the scorer's to say, so what cannot be read goes to partition 0 and becomes a reject there.
 */
import { routeLine } from '../domain/partitioning/route-record.ts';
import { encodingOf } from '../domain/record/json.ts';
import type { Candidate, ConvertOptions } from './candidate.ts';
import type { LineBatch } from './lines.ts';

/** Every line is one candidate, in the order of the file. */
export async function* convertCloudEvents(
  lines: AsyncIterable<LineBatch>,
  { partitions, skip }: ConvertOptions,
): AsyncGenerator<readonly Candidate[]> {
  let toSkip = skip;
  for await (const batch of lines) {
    const first = Math.min(toSkip, batch.count);
    toSkip -= first;
    if (first < batch.count) yield routeBatch(batch, first, partitions);
  }
}

function routeBatch({ bytes, count, starts, ends }: LineBatch, first: number, partitions: number): Candidate[] {
  // Of the lines only: around them the chunk may hold half a character.
  const encoding = encodingOf(bytes.subarray(starts[first], ends[count - 1]));
  const candidates = new Array<Candidate>(count - first);
  for (let i = first; i < count; i++) {
    const start = starts[i]!;
    const end = ends[i]!;
    candidates[i - first] = { partition: routeLine(bytes, start, end, partitions, encoding), value: bytes.subarray(start, end) };
  }
  return candidates;
}
