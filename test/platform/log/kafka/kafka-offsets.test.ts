import type { Producer } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OPEN } from '../../../../services/domain/authority/authority.ts';
import { systemClock } from '../../../../services/platform/clock.ts';
import { LogError } from '../../../../services/platform/log/event-log.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { PartitionScorer } from '../../../../services/scorer/partition-scorer.ts';
import { administrate, moveStart } from '../../../kafka/topics.ts';
import { block, PLENTY, TestLogs, textsOf, values } from './open-test-log.ts';

allowKafkaItsTime();
let broker: SharedBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await sharedBroker();
});

let prefix: string;
let log: KafkaEventLog;
beforeEach(async () => {
  prefix = logs.newPrefix();
  log = await logs.open(prefix);
});
afterEach(async () => {
  await logs.closeAll();
});

const append = (...texts: string[]) => log.commit({ appends: [{ stream: 'access', partition: 0, values: values(...texts) }] });

/** A producer of somebody else, on the topics of this test's log. */
async function withProducer<Result>(work: (producer: Producer) => Promise<Result>, transactionalId?: string): Promise<Result> {
  const kafka = new Kafka({
    brokers: [broker.address],
    clientId: 'host',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5 },
  });
  const producer = kafka.producer(
    transactionalId === undefined ? {} : { transactionalId, maxInFlightRequests: 1, idempotent: true },
  );
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

describe("a consumer group's committed offsets", () => {
  const groupOffset = (group: string, topic: string) =>
    administrate(broker, async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return found?.partitions.find(({ partition }) => partition === 0)?.offset;
    });

  test('copy the positions, for tools that show lag', async () => {
    const owner = await log.claim('scorer', 0);
    await owner.commit(block('a', 17));
    await owner.release();
    expect(await groupOffset(`${prefix}.scorer`, `${prefix}.access.v1`)).toBe('17');
  });

  test('set anywhere or deleted change nothing but the count of differences', async () => {
    await append('no JSON', 'nor this', 'nor that');
    await (await takeAndScore()).stop();
    const [position, rejects] = [(await log.position('scorer', 0))!, await textsOf(log, 'rejects')];
    expect(position.offset).toBe((await log.bounds('access', 0)).end);
    expect(rejects).toHaveLength(3);
    const groupId = `${prefix}.scorer`;
    const topic = `${prefix}.access.v1`;
    expect((await takeAndScore()).hasPositionMismatch).toBe(false);
    for (const offset of ['0', '1000000', null]) {
      await administrate(broker, async (admin) => {
        if (offset === null) await admin.deleteGroups([groupId]);
        else await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset }] });
      });
      const scorer = await takeAndScore();
      expect({ offset, isCounted: scorer.hasPositionMismatch }).toEqual({
        offset,
        isCounted: offset !== String(position.offset),
      });
      expect(scorer.position).toBe(position.offset);
      await scorer.stop();
      expect(await log.position('scorer', 0)).toEqual(position);
      expect(await textsOf(log, 'rejects')).toEqual(rejects);
    }
  });

  test('that a killed owner left behind are no difference, for nobody set them', async () => {
    await append('no JSON', 'nor this');
    await (await takeAndScore()).stop();
    await append('nor that');
    // Judged, and gone before its position was copied.
    await takeAndScore();
    const { end } = await log.bounds('access', 0);
    expect(await log.shownOffset('scorer', 0)).toMatchObject({ isOurs: true });
    expect((await log.shownOffset('scorer', 0))!.offset).toBeLessThan(end);
    const scorer = await takeAndScore();
    expect([scorer.position, scorer.hasPositionMismatch]).toEqual([end, false]);
  });

  test('and its members have no say: whoever joins the group takes nothing away, though kafkajs rebalances eagerly', async () => {
    const owner = await log.claim('scorer', 0);
    await owner.commit(block('before', 1));
    const stranger = new Kafka({ brokers: [broker.address], clientId: 'stranger', logLevel: logLevel.NOTHING });
    const consumer = stranger.consumer({ groupId: `${prefix}.scorer` });
    await consumer.connect();
    await consumer.subscribe({ topic: `${prefix}.access.v1` });
    const joined = new Promise((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, resolve);
    });
    await consumer.run({ eachMessage: async () => {} });
    await joined;
    expect(await owner.commit(block('behind', 2))).toMatchObject({ status: 'committed' });
    // Whose offset the group will not take while it has members.
    await owner.release();
    expect(await log.position('scorer', 0)).toMatchObject({ offset: 2 });
    expect(await textsOf(log, 'results')).toEqual(['before', 'behind']);
    await consumer.disconnect();
  });

  async function takeAndScore(): Promise<PartitionScorer> {
    const scorer = await PartitionScorer.take({
      log: await logs.open(prefix, { create: false }),
      partition: 0,
      storedUser: (user) => user,
      authority: OPEN,
      clock: systemClock,
      batchRecordsMax: 1_000,
      batchBytesMax: 1024 * 1024,
      checkpointRecords: 1_000_000,
      checkpointIntervalMs: 1_000_000,
    });
    while ((await scorer.step()).status === 'scored');
    return scorer;
  }
});

describe('an offset that is not there', () => {
  test('because the start of the log moved past it is an error, and never another offset', async () => {
    for (const text of ['a', 'b', 'c', 'd']) await append(text);
    const batch = await log.read('access', 0, 0, { maxRecords: 3, maxBytes: 1_000_000 });
    const past = batch.offsets[2]!;
    await moveStart(broker, `${prefix}.access.v1`, String(past));
    expect(await log.bounds('access', 0)).toMatchObject({ start: past });
    const again = await logs.open(prefix, { create: false });
    for (const offset of [0, past - 1]) {
      const reading = again.read('access', 0, offset, PLENTY);
      await expect(reading).rejects.toThrow(LogError);
      await expect(reading).rejects.toMatchObject({ code: 'log_offset_out_of_range' });
    }
    expect(await textsOf(again, 'access', 0, past)).toEqual(['c', 'd']);
  });

  test('because all records are gone leaves an empty partition that begins where it ends', async () => {
    await append('a', 'b');
    const topic = `${prefix}.access.v1`;
    const high = await moveStart(broker, topic, 'end');
    expect(await log.bounds('access', 0)).toEqual({ start: high, end: high });
    expect(await log.last('access', 0)).toBeNull();
    await append('c');
    expect(await textsOf(log, 'access')).toEqual(['c']);
  });

  test('beyond the end of the log is an error too', async () => {
    await append('a');
    await expect(log.read('access', 0, 1_000, PLENTY)).rejects.toMatchObject({ code: 'log_offset_out_of_range' });
  });
});

describe('a transaction of somebody else', () => {
  const topic = () => `${prefix}.access.v1`;

  test('cannot be seen before it is committed, nor what comes behind it', async () => {
    await append('before');
    await withProducer(async (producer) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: topic(), messages: [{ partition: 0, value: 'open' }] });
      await producerless('behind');
      const { end } = await log.bounds('access', 0);
      expect(await textsOf(log, 'access')).toEqual(['before']);
      expect(await log.read('access', 0, end, PLENTY)).toMatchObject({ count: 0, nextOffset: end });
      await transaction.commit();
    }, `${prefix}-other`);
    await expect.poll(() => textsOf(log, 'access')).toEqual(['before', 'open', 'behind']);
  });

  test('that was given up is never seen, and neither it nor its marker is an end or a last record', async () => {
    await append('before');
    const { end } = await log.bounds('access', 0);
    await withProducer(async (producer) => {
      // More than the first windows of the search for the last record.
      for (let i = 0; i < 12; i++) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: topic(), messages: [{ partition: 0, value: `given up ${i}` }] });
        await transaction.abort();
      }
    }, `${prefix}-other`);
    expect(await log.bounds('access', 0)).toEqual({ start: 0, end });
    expect((await log.last('access', 0))?.value.toString()).toBe('before');
    await append('behind');
    expect(await textsOf(log, 'access')).toEqual(['before', 'behind']);
    expect((await log.last('access', 0))?.value.toString()).toBe('behind');
  });

  /** A record outside any transaction, as hosts write them. */
  const producerless = (value: string) =>
    withProducer((producer) => producer.send({ topic: topic(), messages: [{ partition: 0, value }] }));
});

describe('who waits for records', () => {
  test('is woken by those of another process, in each partition', async () => {
    const other = await logs.open(prefix, { create: false });
    const { signal } = new AbortController();
    // The first call of a caller answers at once.
    await log.waitForAppend('access', 60_000, signal);
    for (const partition of [0, 1, 0]) {
      const { end } = await log.bounds('access', partition);
      const waiting = log.waitForAppend('access', 60_000, signal);
      await other.commit({ appends: [{ stream: 'access', partition, values: values('x') }] });
      await waiting;
      await expect.poll(async () => (await log.read('access', partition, end, PLENTY)).count).toBe(1);
      // Whatever was told twice is told now.
      await log.waitForAppend('access', 300, signal);
    }
  });
});
