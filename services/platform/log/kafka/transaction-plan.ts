/** What a transaction of the port writes to Kafka: records cut into chunks that fit into a batch, keys and the position as keyed records. */
import { RECORD_BYTES_KEPT } from '../../../../schemas/codes.ts';
import { checkPartition, checkValue } from '../check-arguments.ts';
import { ORIGIN, type Position, type Put, type Transaction } from '../event-log.ts';
import { VALUE_BYTES_MAX } from '../segment.ts';
import type { Stretch } from './clear-stretches.ts';
import { encodeKey } from './keyed-partition.ts';
import { PLAIN_BYTES_MAX, type TopicStream } from './topics.ts';
import type { Chunk } from './transactional-producer.ts';

/** Before compression; small enough that nobody waits for a batch to be unpacked, and far below max.message.bytes. */
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNK_RECORDS_MAX = 10_000;
/** A value of a key is fetched with the batch around it: pages of a checkpoint do not share theirs with many. */
const KEYED_CHUNK_BYTES_MAX = 256 * 1024;

export interface Plan {
  readonly chunks: readonly Chunk[];
  /** For each append the index of its first chunk, or null when it has no values. */
  readonly firstChunks: readonly (number | null)[];
}

interface PlanOptions {
  readonly partitions: number;
  readonly topicOf: (stream: TopicStream) => string;
  /** What is noted with a position (clear-stretches.ts). @default nothing */
  readonly clearAt?: (position: Position) => readonly Stretch[];
}

/** Key of a position in the positions topic. */
export function positionKey(consumer: string): string {
  return `position/${consumer}`;
}

/** @throws RangeError for a partition that is not there or a value that is too large, before anything is written */
export function planTransaction(
  { appends = [], puts = [], position }: Transaction,
  { partitions, topicOf, clearAt = () => [] }: PlanOptions,
): Plan {
  const chunks: Chunk[] = [];
  const firstChunks = appends.map(({ stream, partition, values, keys, origin = ORIGIN.live }) => {
    checkPartition(partition, partitions);
    const bytesMax = stream === 'access' ? RECORD_BYTES_KEPT : VALUE_BYTES_MAX;
    for (const value of values) checkValue(value, bytesMax);
    if (keys !== undefined && typeof keys !== 'function' && keys.length !== values.length)
      throw new RangeError(`${values.length} values have ${keys.length} keys`);
    const keyOf = (i: number): string | null => (typeof keys === 'function' ? keys(values[i]!) : (keys?.[i] ?? null));
    const first = chunks.length;
    let from = 0;
    for (const part of cut(values, CHUNK_BYTES_MAX)) {
      const own = keys === undefined ? null : part.map((_, i) => encodedKey(keyOf(from + i)));
      chunks.push({ topic: topicOf(stream), partition, values: part, keys: own, origin, plainBytesMax: PLAIN_BYTES_MAX[stream] });
      from += part.length;
    }
    return values.length === 0 ? null : first;
  });
  for (const { partition, value } of puts) {
    checkPartition(partition, partitions);
    if (value !== null) checkValue(value, VALUE_BYTES_MAX);
  }
  chunks.push(...keyedChunks(puts, topicOf));
  if (position !== undefined) {
    const { consumer, partition, offset, note } = position;
    checkPartition(partition, partitions);
    const clear = clearAt(position);
    const value = Buffer.from(JSON.stringify({ offset, note, ...(clear.length === 0 ? {} : { clear }) }));
    checkValue(value, VALUE_BYTES_MAX);
    chunks.push(keyedChunk(topicOf('positions'), partition, positionKey(consumer), value));
  }
  return { chunks, firstChunks };
}

export function keyedChunk(topic: string, partition: number, key: string, value: Uint8Array): Chunk {
  return { topic, partition, values: [value], keys: [encodeKey(key)], origin: ORIGIN.live };
}

function encodedKey(key: string | null): Buffer | null {
  return key === null ? null : encodeKey(key);
}

function keyedChunks(puts: readonly Put[], topicOf: PlanOptions['topicOf']): Chunk[] {
  const groups = Map.groupBy(puts, ({ stream, partition }) => `${stream} ${partition}`);
  return [...groups.values()].flatMap((group) => {
    const { stream, partition } = group[0]!;
    const chunks: Chunk[] = [];
    let from = 0;
    for (const values of cut(
      group.map(({ value }) => value),
      KEYED_CHUNK_BYTES_MAX,
    )) {
      const keys = group.slice(from, from + values.length).map(({ key }) => encodeKey(key));
      chunks.push({ topic: topicOf(stream), partition, values, keys, origin: ORIGIN.live });
      from += values.length;
    }
    return chunks;
  });
}

/** Parts of at most `bytesMax`, or of one value. */
function* cut<Value extends Uint8Array | null>(values: readonly Value[], bytesMax: number): Generator<Value[]> {
  let part: Value[] = [];
  let bytes = 0;
  for (const value of values) {
    const length = value?.length ?? 0;
    if (part.length > 0 && (part.length >= CHUNK_RECORDS_MAX || bytes + length > bytesMax)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(value);
    bytes += length;
  }
  if (part.length > 0) yield part;
}
