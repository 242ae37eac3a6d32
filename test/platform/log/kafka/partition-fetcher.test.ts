/**
 * A broker looks for the first open transaction of a partition before it looks for the partition's end. A transaction that begins in between makes it
 * say that all is decided up to behind the transaction's first record, and send nothing from there. No real one can be made to do it on demand.
 */
import { describe, expect, test } from 'vitest';
import { ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { NotVisibleYet } from '../../../../services/platform/log/kafka/kafka-error.ts';
import type { InternalBroker } from '../../../../services/platform/log/kafka/kafkajs-internals.ts';
import { KeyedPartition } from '../../../../services/platform/log/kafka/keyed-partition.ts';
import { PartitionFetcher } from '../../../../services/platform/log/kafka/partition-fetcher.ts';
import { PartitionReader } from '../../../../services/platform/log/kafka/partition-reader.ts';
import { encodeBatch } from '../../../../services/platform/log/kafka/record-batch.ts';
import { VisibleFloor } from '../../../../services/platform/log/kafka/visible-floor.ts';

const LIMITS = { maxRecords: 10, maxBytes: 1_000 };
/** Offset of the record whose transaction begins while the broker is asked. */
const AT = 7;
const EARLIEST = -2;

/** Of a batch with one record. */
function batchAt(offset: number, value: string): Buffer {
  const batch = encodeBatch({
    values: [Buffer.from(value)],
    keys: null,
    origin: ORIGIN.live,
    producerId: '1',
    producerEpoch: 0,
    firstSequence: 0,
  });
  batch.writeBigInt64BE(BigInt(offset));
  return batch;
}

interface Said {
  readonly stableOffset: number;
  readonly records?: Buffer;
}

/** A partition with one record before that, whose broker says an end behind it, and answers one thing after the other, the last of them again and again. */
function answering(...answers: readonly Said[]): { fetcher: PartitionFetcher; asked: () => number } {
  let asked = 0;
  const listOffsets = async ({
    topics,
  }: {
    topics: readonly { partitions: readonly { timestamp: number }[] }[];
  }): Promise<unknown> => {
    const offset = topics[0]!.partitions[0]!.timestamp === EARLIEST ? AT - 1 : AT + 1;
    return { responses: [{ partitions: [{ offset: String(offset) }] }] };
  };
  const send = async (): Promise<unknown> => {
    const { stableOffset, records = Buffer.alloc(0) } = answers[Math.min(asked++, answers.length - 1)]!;
    const fetched = { topicId: '', partition: 0, errorCode: 0, stableOffset, startOffset: 0, aborted: [], records };
    return { throttleMs: 0, errorCode: 0, partitions: [fetched] };
  };
  const broker = { connectionPool: { send }, listOffsets } as unknown as InternalBroker;
  const connection = {
    leader: async () => broker,
    trying: async <Result>(work: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof NotVisibleYet)) throw error;
        }
      }
    },
  };
  const fetcher = new PartitionFetcher({ connection, topic: 'access', topicId: '', partition: 0, floor: new VisibleFloor() });
  return { fetcher, asked: () => asked };
}

describe('nothing where something should be', () => {
  test('is not believed when it is said once', async () => {
    const { fetcher, asked } = answering({ stableOffset: AT + 1 }, { stableOffset: AT });
    expect(await fetcher.fetch(AT, 1_000)).toMatchObject({ batches: [], nextOffset: AT, stableOffset: AT });
    expect(asked()).toBe(2);
  });

  test('is what compaction has left when it is said twice, and gone past', async () => {
    const { fetcher, asked } = answering({ stableOffset: AT + 3 });
    expect(await fetcher.fetch(AT, 1_000)).toMatchObject({ batches: [], nextOffset: AT + 3, seenTo: AT });
    expect(asked()).toBe(2);
  });

  test('is looked at again by whoever reads a stream, in which nothing is compacted: no record is passed over', async () => {
    const overshot = { stableOffset: AT + 1 };
    const { fetcher } = answering(overshot, overshot, { stableOffset: AT + 2, records: batchAt(AT, 'it was committed') });
    const reader = new PartitionReader(fetcher, 0);
    expect(await reader.read(AT, LIMITS)).toMatchObject({ count: 0, nextOffset: AT });
    expect(reader.clear.at(AT)).toEqual([]);
    const { bytes, nextOffset } = await reader.read(AT, LIMITS);
    expect([bytes.toString(), nextOffset]).toEqual(['it was committed', AT + 1]);
  });
});

describe('an end that was one too far', () => {
  const committed = { stableOffset: AT, records: batchAt(AT - 1, 'before it') };

  test('is looked up to once, and the record before it is the last', async () => {
    const { fetcher } = answering(committed, { stableOffset: AT });
    expect(await new PartitionReader(fetcher, 0).last()).toMatchObject({ offset: AT - 1 });
  });

  test('ends no scan of keys: the next one begins there', async () => {
    const { fetcher, asked } = answering(committed, { stableOffset: AT });
    expect(await new KeyedPartition(fetcher).get('a key')).toBeNull();
    expect(asked()).toBe(2);
  });
});
