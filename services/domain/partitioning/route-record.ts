/**
 * The partitions a record's bytes go to (contracts.md section 1). Whether it is a record at all is the scorer's to say, so what
 * cannot be read goes to partition 0 and becomes a reject there.
 */
import { isUtf8 } from 'node:buffer';
import { BROADCAST_TYPES, RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import { type Encoding, encodingOf, parseJson } from '../record/json.ts';
import { murmur2, partitionOf } from './murmur2.ts';
import { scanSubject, type SubjectPlace } from './subject-scan.ts';

/** The answer for a record of which every partition gets a copy. */
export const EVERY_PARTITION = -1;
/** Where a line goes whose program cannot be told. */
const UNREADABLE_PARTITION = 0;
const BROADCASTS: ReadonlySet<unknown> = new Set(BROADCAST_TYPES);
const STAR = 0x2a;

const place: SubjectPlace = { start: 0, end: 0 };

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

/** The program that a record names, which is its key where the log stores keys (contracts.md section 1); null when none can be told. */
export function subjectOf(value: Uint8Array): string | null {
  if (value.length > RECORD_BYTES_MAX) return null;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (isUtf8(bytes) && scanSubject(bytes, 0, bytes.length, place)) {
    return place.end > place.start ? bytes.toString('utf8', place.start, place.end) : null;
  }
  const event = parseJson(bytes, 0, bytes.length, 'mixed');
  if (typeof event !== 'object' || event === null) return null;
  const { subject } = event as { subject?: unknown };
  return typeof subject === 'string' && subject !== '' ? subject : null;
}

/** All partitions that get a copy of one record. */
export function placesOf(value: Buffer, partitions: number): readonly number[] {
  const partition = routeLine(value, 0, value.length, partitions, encodingOf(value));
  return partition === EVERY_PARTITION ? Array.from({ length: partitions }, (_, each) => each) : [partition];
}

export interface Routed {
  /** In their order. */
  readonly places: ReadonlyMap<number, readonly Buffer[]>;
  /** Copies in all places, and their bytes. */
  readonly records: number;
  readonly bytes: number;
}

/** Several records by where they and their copies go. */
export function routeRecords(values: readonly Buffer[], partitions: number): Routed {
  const places = new Map<number, Buffer[]>();
  let records = 0;
  let bytes = 0;
  for (const value of values) {
    for (const partition of placesOf(value, partitions)) {
      const list = places.get(partition);
      if (list === undefined) places.set(partition, [value]);
      else list.push(value);
      records++;
      bytes += value.length;
    }
  }
  return { places, records, bytes };
}
