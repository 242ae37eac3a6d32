import type { Message, Producer } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LogError, ORIGIN } from '../../services/platform/log/event-log.ts';
import type { KafkaEventLog } from '../../services/platform/log/kafka/kafka-event-log.ts';
import { startBroker, type TestBroker } from '../kafka/broker.ts';
import { administrate, moveStart } from '../kafka/topics.ts';
import { block, PLENTY, TestLogs, textsOf, values } from './open-test-log.ts';

let broker: TestBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker.stop();
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

  test('set anywhere or deleted change nothing', async () => {
    await append('a', 'b', 'c');
    const owner = await log.claim('scorer', 0);
    await owner.commit(block('block', 2));
    await owner.release();
    const before = {
      position: await log.position('scorer', 0),
      last: await log.last('results', 0),
      rest: await textsOf(log, 'access', 0, 2),
    };
    const groupId = `${prefix}.scorer`;
    for (const offset of ['0', '1000000', null]) {
      await administrate(broker, async (admin) => {
        if (offset === null) await admin.deleteGroups([groupId]);
        else await admin.setOffsets({ groupId, topic: `${prefix}.access.v1`, partitions: [{ partition: 0, offset }] });
      });
      const again = await logs.open(prefix, { create: false });
      await again.claim('scorer', 0);
      expect(await again.position('scorer', 0)).toEqual(before.position);
      expect(await again.last('results', 0)).toEqual(before.last);
      expect(await textsOf(again, 'access', 0, 2)).toEqual(before.rest);
    }
  });
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

describe('records of hosts', () => {
  const send = (messages: Message[], compression = 0) =>
    withProducer((producer) => producer.send({ topic: `${prefix}.access.v1`, compression, messages }));

  test('are read whatever their keys, headers and compression are', async () => {
    const long = 'x'.repeat(10_000);
    await send([{ partition: 0, key: 'program', value: 'plain', headers: { a: 'b', c: '' } }]);
    await send(
      [
        { partition: 0, key: null, value: long },
        { partition: 0, key: 'k', value: null },
      ],
      1,
    );
    expect(await textsOf(log, 'access')).toEqual(['plain', long, '']);
  });

  test('are live whatever their headers say: a host must not choose how its times are taken', async () => {
    for (const origin of Object.values(ORIGIN))
      await send([{ partition: 0, value: 'x', headers: { 'ntk-origin': String(origin) } }]);
    const { origins } = await log.read('access', 0, 0, PLENTY);
    expect([...origins]).toEqual(Object.values(ORIGIN).map(() => ORIGIN.live));
  });

  test('have the time of the broker, whatever time they bring', async () => {
    await send([{ partition: 0, value: 'x', timestamp: '1000' }]);
    await append('y');
    const { appendedAtMs } = await log.read('access', 0, 0, PLENTY);
    expect(appendedAtMs[0]).toBeGreaterThan(1_600_000_000_000);
    const [first] = appendedAtMs;
    const later = (await log.read('access', 0, 1, PLENTY)).appendedAtMs[0];
    expect(later).toBeGreaterThanOrEqual(first!);
  });
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
