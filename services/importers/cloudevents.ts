/**
 * Lines of CloudEvents to partitions (contracts.md section 1). The bytes go into the log as they are; whether a line is a record is
 * the scorer's to say, so what cannot be read goes to partition 0 and becomes a reject there.
 */
import { isUtf8 } from 'node:buffer';
import { BROADCAST_TYPES, RECORD_BYTES_MAX } from '../../schemas/codes.ts';
import { murmur2, partitionOf } from '../domain/partitioning/murmur2.ts';
import { type Encoding, encodingOf, parseJson } from '../domain/record/json.ts';
import { type Candidate, type ConvertOptions, EVERY_PARTITION } from './candidate.ts';
import type { LineBatch } from './lines.ts';
import { type Place, scanSubject } from './subject-scan.ts';

/** Where a line goes whose program cannot be told. */
const UNREADABLE_PARTITION = 0;
const BROADCASTS: ReadonlySet<unknown> = new Set(BROADCAST_TYPES);
const STAR = 0x2a;

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

const place: Place = { start: 0, end: 0 };

/**
 * Partition of the line `bytes[start, end)`, or {@link EVERY_PARTITION}. `encoding` is that of the line or of a stretch of lines
 * around it. The scan answers for nearly all lines; what it leaves open is parsed.
 */
export function routeLine(bytes: Buffer, start: number, end: number, partitions: number, encoding: Encoding): number {
  if (end - start > RECORD_BYTES_MAX) return UNREADABLE_PARTITION;
  const isText = encoding !== 'mixed' || isUtf8(bytes.subarray(start, end));
  if (isText && scanSubject(bytes, start, end, place) && place.end > place.start) {
    const isStar = place.end === place.start + 1 && bytes[place.start] === STAR;
    if (!isStar) return (murmur2(bytes.subarray(place.start, place.end)) & 0x7fffffff) % partitions;
  }
  return routeParsed(parseJson(bytes, start, end, encoding === 'ascii' ? 'ascii' : 'mixed'), partitions);
}

function routeParsed(event: unknown, partitions: number): number {
  if (typeof event !== 'object' || event === null) return UNREADABLE_PARTITION;
  const { subject, type, data } = event as { subject?: unknown; type?: unknown; data?: unknown };
  if (typeof subject !== 'string' || subject === '') return UNREADABLE_PARTITION;
  if (subject !== '*') return partitionOf(subject, partitions);
  if (BROADCASTS.has(type)) return EVERY_PARTITION;
  if (type !== 'ntk.heartbeat' || typeof data !== 'object' || data === null) return UNREADABLE_PARTITION;
  const { partition } = data as { partition?: unknown };
  const isOne = Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) < partitions;
  return isOne ? (partition as number) : UNREADABLE_PARTITION;
}
