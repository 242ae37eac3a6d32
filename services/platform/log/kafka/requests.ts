/** Requests that kafkajs 2.2.4 does not have, or has only with an object for each record: Metadata and Fetch with topic ids, Produce. */
import type { ProtocolRequest } from './kafkajs-internals.ts';
import { WireReader, WireWriter } from './wire.ts';

export const API = { produce: 0, fetch: 1, metadata: 3 } as const;
/** Produce 7 and Fetch 13 (topic ids) are there from Kafka 3.1 on, and in every 4.x. */
export const VERSION = { produce: 7, fetch: 13, metadata: 12 } as const;

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const NO_EPOCH = -1;

function protocolRequest<Response>(
  api: keyof typeof API,
  body: WireWriter,
  decode: (reader: WireReader) => Response,
): ProtocolRequest<Response> {
  return {
    request: {
      apiKey: API[api],
      apiVersion: VERSION[api],
      // By this name kafkajs leaves what was fetched out of its debug lines.
      apiName: api === 'fetch' ? 'Fetch' : api,
      encode: async () => body,
    },
    response: { decode: async (bytes) => decode(new WireReader(bytes)), parse: async (decoded) => decoded },
    logResponseError: false,
  };
}

export interface TopicDescription {
  readonly name: string;
  readonly errorCode: number;
  readonly id: string;
  readonly partitions: readonly { readonly partition: number; readonly replicas: number }[];
}

/** Ids, partitions and replicas of topics; error code 3 for one that is not there. */
export function describeTopics(names: readonly string[]): ProtocolRequest<readonly TopicDescription[]> {
  // Flexible versions have tags behind the header; kafkajs writes a header without.
  const body = new WireWriter().noTags().uvarint(names.length + 1);
  for (const name of names) body.uuid('0'.repeat(32)).compactString(name).noTags();
  body.int8(0).int8(0).noTags();
  return protocolRequest('metadata', body, (reader) => {
    reader.skipTags();
    reader.int32();
    reader.compactArray(() => {
      reader.int32();
      reader.compactString();
      reader.int32();
      reader.compactString();
      reader.skipTags();
    });
    reader.compactString();
    reader.int32();
    return reader.compactArray(() => readTopic(reader));
  });
}

function readTopic(reader: WireReader): TopicDescription {
  const errorCode = reader.int16();
  const name = reader.compactString();
  const id = reader.uuid();
  reader.int8();
  const partitions = reader.compactArray(() => {
    reader.int16();
    const partition = reader.int32();
    reader.int32();
    reader.int32();
    const replicas = reader.compactArray(() => reader.int32()).length;
    reader.compactArray(() => reader.int32());
    reader.compactArray(() => reader.int32());
    reader.skipTags();
    return { partition, replicas };
  });
  reader.int32();
  reader.skipTags();
  return { name, errorCode, id, partitions };
}

export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Records below are committed or given up. */
  readonly stableOffset: number;
  readonly startOffset: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
  /** Batches from the one that holds the asked offset on; the last one may be cut off. */
  readonly records: Buffer;
}

interface FetchOptions {
  readonly partitions: readonly { readonly topicId: string; readonly partition: number; readonly offset: number }[];
  /** Compressed bytes; at least one batch comes whatever its size. */
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** False: records of transactions that have not ended, too. @default true */
  readonly isCommitted?: boolean;
}

/** Answers at once unless `maxWaitMs` is set and there is nothing yet. */
export function fetchRecords({ partitions, maxBytes, maxWaitMs, isCommitted = true }: FetchOptions): ProtocolRequest<{
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}> {
  const body = new WireWriter()
    .noTags()
    .int32(-1)
    .int32(maxWaitMs)
    .int32(1)
    .int32(maxBytes)
    .int8(isCommitted ? READ_COMMITTED : READ_UNCOMMITTED)
    .int32(0)
    .int32(-1);
  const byTopic = Map.groupBy(partitions, ({ topicId }) => topicId);
  body.uvarint(byTopic.size + 1);
  for (const [topicId, members] of byTopic) {
    body.uuid(topicId).uvarint(members.length + 1);
    for (const { partition, offset } of members) {
      body.int32(partition).int32(NO_EPOCH).int64(offset).int32(NO_EPOCH).int64(-1).int32(maxBytes).noTags();
    }
    body.noTags();
  }
  body.uvarint(1).compactString('').noTags();
  return protocolRequest('fetch', body, (reader) => {
    reader.skipTags();
    const throttleMs = reader.int32();
    const errorCode = reader.int16();
    reader.int32();
    const topics = reader.compactArray(() => {
      const topicId = reader.uuid();
      const fetched = reader.compactArray(() => readPartition(reader, topicId));
      reader.skipTags();
      return fetched;
    });
    return { throttleMs, errorCode, partitions: topics.flat() };
  });
}

function readPartition(reader: WireReader, topicId: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.int64();
  const stableOffset = reader.int64();
  const startOffset = reader.int64();
  const aborted = reader.compactArray(() => {
    const producerId = reader.bigint64();
    const firstOffset = reader.int64();
    reader.skipTags();
    return { producerId, firstOffset };
  });
  reader.int32();
  const length = Math.max(0, reader.compactLength());
  const at = reader.skip(length);
  const records = reader.bytes.subarray(at, at + length);
  reader.skipTags();
  return { topicId, partition, errorCode, stableOffset, startOffset, aborted, records };
}

interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

/** Waits for all in-sync replicas. One batch a partition, as Kafka wants it. */
export function produceBatches(
  transactionalId: string,
  batches: readonly { readonly topic: string; readonly partition: number; readonly batch: Buffer }[],
  timeoutMs: number,
): ProtocolRequest<readonly ProducedPartition[]> {
  const body = new WireWriter(256 + batches.reduce((bytes, { batch }) => bytes + batch.length + 64, 0));
  body.string(transactionalId).int16(-1).int32(timeoutMs);
  const byTopic = Map.groupBy(batches, ({ topic }) => topic);
  body.int32(byTopic.size);
  for (const [topic, members] of byTopic) {
    body.string(topic).int32(members.length);
    for (const { partition, batch } of members) body.int32(partition).int32(batch.length).raw(batch);
  }
  return protocolRequest('produce', body, (reader) =>
    reader
      .array(() => {
        const topic = reader.string();
        return reader.array(() => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const baseOffset = reader.int64();
          reader.int64();
          reader.int64();
          return { topic, partition, errorCode, baseOffset };
        });
      })
      .flat(),
  );
}
