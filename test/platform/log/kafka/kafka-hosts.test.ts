/** Hosts that write to Kafka themselves, with kafkajs's own producer: whatever they write, the partition goes on. */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RECORD_BYTES_MAX } from '../../../../schemas/codes.ts';
import { partitionOf } from '../../../../services/domain/partitioning/murmur2.ts';
import { OPEN } from '../../../../services/domain/authority/authority.ts';
import { systemClock } from '../../../../services/platform/clock.ts';
import { ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { BATCH_RECORDS_MAX, BODY_BYTES_MAX } from '../../../../services/platform/log/kafka/batch-compression.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { PartitionScorer } from '../../../../services/scorer/partition-scorer.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { CODEC, registerCodecs } from './host-codecs.ts';
import { PLENTY, TestLogs, textsOf } from './open-test-log.ts';
import { emptyRecords, hostBatch, oldBatch, produceRaw } from './produce-raw.ts';

allowKafkaItsTime();
let broker: SharedBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await sharedBroker();
  registerCodecs();
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

async function asHost<Result>(work: (producer: Producer) => Promise<Result>): Promise<Result> {
  const kafka = new Kafka({
    brokers: [broker.address],
    clientId: 'host',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20 },
  });
  // Records are counted here. A producer that is not idempotent writes a whole request again when one of its partitions
  // was not ready, which those of a new topic may not be.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

const topic = () => `${prefix}.access.v1`;
const send = (messages: Message[], compression: number = CODEC.none) =>
  asHost((producer) => producer.send({ topic: topic(), compression, messages }));

/** Ids of programs of each partition of two. */
const PROGRAM = ['a', 'b', 'c', 'd', 'e', 'f'].reduce<string[]>((found, id) => {
  found[partitionOf(id, 2)] ??= id;
  return found;
}, []);

/** Its host waits, so that there is a verdict whatever it is. */
function access(id: string, program = PROGRAM[0]!): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: 'host/test',
    type: 'ntk.access',
    subject: program,
    time: '2026-11-01T10:00:00Z',
    data: { user: 'u_1', api: 'wx.getLocation', outcome: 'pending' },
  });
}

interface Reject {
  readonly reason: string;
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Scores partition 0 to its end, in several takings of the partition or in one: what came of it. */
async function score(batchRecordsMax = 1_000): Promise<{ judged: string[]; rejects: Reject[] }> {
  const scorer = await PartitionScorer.take({
    log,
    partition: 0,
    storedUser: (user) => user,
    authority: OPEN,
    clock: systemClock,
    batchRecordsMax,
    batchBytesMax: 8 * 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 1_000_000,
  });
  while ((await scorer.step()).status === 'scored');
  expect(scorer.position).toBe((await log.bounds('access', 0)).end);
  await scorer.stop();
  const verdicts = (await textsOf(log, 'verdicts')).map((text) => JSON.parse(text) as { eventId: string });
  const rejects = (await textsOf(log, 'rejects')).map((text) => JSON.parse(text) as Reject);
  return {
    judged: verdicts.map(({ eventId }) => eventId),
    rejects: rejects.map(({ reason, offset, bytes, sha256 }) => ({ reason, offset, bytes, sha256 })),
  };
}

/** Between two good accesses: the second one shows that the partition went on. */
async function between(hostile: () => Promise<unknown>): Promise<{ judged: string[]; rejects: Reject[] }> {
  await send([{ partition: 0, key: PROGRAM[0]!, value: access('before') }]);
  await hostile();
  await send([{ partition: 0, key: PROGRAM[0]!, value: access('behind') }]);
  return score();
}

describe('records of hosts', () => {
  test('are read whatever their compression is', async () => {
    const long = 'x'.repeat(200_000);
    for (const [name, codec] of Object.entries(CODEC)) {
      await send(
        [
          { partition: 0, key: 'k', value: `first of ${name}` },
          { partition: 0, value: long },
          { partition: 0, value: `last of ${name}` },
        ],
        codec,
      );
    }
    const expected = Object.keys(CODEC).flatMap((name) => [`first of ${name}`, long, `last of ${name}`]);
    expect(await textsOf(log, 'access')).toEqual(expected);
  });

  test('go where we expect them: the partitioner of hosts is ours', async () => {
    const programs = ['wx1', 'com.example', '小程序', 'p'.repeat(300), '🙂', ...PROGRAM];
    await send(programs.map((program) => ({ key: program, value: program })));
    for (const partition of [0, 1]) {
      const found = await log.read('access', partition, 0, PLENTY);
      const texts = Array.from({ length: found.count }, (_, i) =>
        found.bytes.toString('utf8', found.starts[i], found.starts[i + 1]),
      );
      expect(texts.toSorted()).toEqual(programs.filter((program) => partitionOf(program, 2) === partition).toSorted());
    }
  });

  test('are live whatever their headers say: a host must not choose how its times are taken', async () => {
    for (const origin of Object.values(ORIGIN)) {
      await send([{ partition: 0, value: 'x', headers: { 'ntk-origin': String(origin) } }], CODEC.zstd);
      await send([{ partition: 0, value: 'x', headers: { 'ntk-origin': String(origin) } }]);
    }
    const { origins } = await log.read('access', 0, 0, PLENTY);
    expect([...origins]).toEqual(Object.values(ORIGIN).flatMap(() => [ORIGIN.live, ORIGIN.live]));
  });

  test('have the time of the broker, whatever time they bring', async () => {
    await send([{ partition: 0, value: 'x', timestamp: '1000' }]);
    await send([{ partition: 0, value: 'y', timestamp: '9000000000000' }], CODEC.gzip);
    const { appendedAtMs } = await log.read('access', 0, 0, PLENTY);
    const [first, second] = appendedAtMs;
    expect(first).toBeGreaterThan(1_600_000_000_000);
    expect(second).toBeGreaterThanOrEqual(first!);
    expect(second).toBeLessThan(9_000_000_000_000);
  });
});

describe('hostile records', () => {
  test('without a value, without bytes, with another key or none are rejects or accesses, by their bytes alone', async () => {
    const { judged, rejects } = await between(() =>
      send([
        { partition: 0, key: PROGRAM[0]!, value: null },
        { partition: 0, key: null, value: '' },
        { partition: 0, key: null, value: access('no key') },
        { partition: 0, key: 'somebody else', value: access('other key') },
        { partition: 0, key: Buffer.from([0xff, 0xfe]), value: access('no text') },
        { partition: 0, key: PROGRAM[0]!, value: access('elsewhere', PROGRAM[1]) },
        { partition: 0, key: PROGRAM[0]!, value: Buffer.from([0xff, 0x00]) },
      ]),
    );
    expect(judged).toEqual(['before', 'no key', 'other key', 'no text', 'behind']);
    expect(rejects.map(({ reason }) => reason)).toEqual(['invalid_json', 'invalid_json', 'wrong_partition', 'invalid_json']);
  });

  test('with many and large headers are read like others', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`header ${i}`, 'x']));
    const { judged } = await between(() =>
      send([
        { partition: 0, value: access('many'), headers: many },
        { partition: 0, value: access('large'), headers: { large: 'x'.repeat(2_000_000), '': '' } },
      ]),
    );
    expect(judged).toEqual(['before', 'many', 'large', 'behind']);
  });

  test('larger than 1 MiB are rejects, up to what the topic takes; the broker refuses more', async () => {
    const { judged, rejects } = await between(async () => {
      await send([{ partition: 0, value: randomBytes(RECORD_BYTES_MAX + 1) }]);
      await send([{ partition: 0, value: randomBytes(3 * RECORD_BYTES_MAX) }]);
      await expect(send([{ partition: 0, value: randomBytes(5 * RECORD_BYTES_MAX) }])).rejects.toThrow(/larger|large/);
    });
    expect(judged).toEqual(['before', 'behind']);
    expect(rejects.map(({ reason, bytes }) => ({ reason, bytes }))).toEqual([
      { reason: 'too_large', bytes: RECORD_BYTES_MAX + 1 },
      { reason: 'too_large', bytes: 3 * RECORD_BYTES_MAX },
    ]);
  });
});

describe('hostile batches', () => {
  const bomb = () =>
    send(
      Array.from({ length: 5 }, () => ({ partition: 0, value: Buffer.alloc(Math.ceil(BODY_BYTES_MAX / 4)) })),
      CODEC.zstd,
    );

  test('that unpack to more than there may be are one reject, the same whenever they are read', async () => {
    const { judged, rejects } = await between(bomb);
    expect(judged).toEqual(['before', 'behind']);
    expect(rejects).toEqual([{ reason: 'too_large', offset: 5, bytes: RECORD_BYTES_MAX + 1, sha256: expect.any(String) }]);
    // Another process, in batches of another size; and from the middle of the batch on.
    const again = await logs.open(prefix, { create: false });
    for (const offset of [1, 3, 5]) {
      const found = await again.read('access', 0, offset, { maxRecords: 1, maxBytes: 1 });
      expect({ offsets: [...found.offsets], bytes: found.bytes.length }).toEqual({ offsets: [5], bytes: RECORD_BYTES_MAX + 1 });
    }
    expect(await again.bounds('access', 0)).toEqual(await log.bounds('access', 0));
  });

  test('of more records than there may be are one reject', async () => {
    const count = BATCH_RECORDS_MAX + 1;
    const { judged, rejects } = await between(async () => {
      expect(await produceRaw(broker.address, topic(), hostBatch(count, emptyRecords(count)))).toBe(0);
    });
    expect(judged).toEqual(['before', 'behind']);
    expect(rejects).toMatchObject([{ reason: 'too_large', offset: count }]);
  });

  test('of another number of records, damaged, or of an old format are refused by the broker', async () => {
    const { judged, rejects } = await between(async () => {
      const damaged = hostBatch(3, emptyRecords(3));
      damaged[damaged.length - 1]! ^= 1;
      for (const batch of [hostBatch(4, emptyRecords(3)), hostBatch(2, emptyRecords(3)), damaged, oldBatch()])
        expect(await produceRaw(broker.address, topic(), batch)).toBeGreaterThan(0);
    });
    expect(judged).toEqual(['before', 'behind']);
    expect(rejects).toEqual([]);
  });

  test('of all codecs with records of each kind leave nothing out', async () => {
    const { judged, rejects } = await between(async () => {
      for (const [name, codec] of Object.entries(CODEC))
        await send(
          [
            { partition: 0, value: access(name) },
            { partition: 0, key: 'x', value: null },
            { partition: 0, value: 'no JSON' },
          ],
          codec,
        );
    });
    expect(judged).toEqual(['before', ...Object.keys(CODEC), 'behind']);
    expect(rejects.map(({ reason }) => reason)).toEqual(Object.keys(CODEC).flatMap(() => ['invalid_json', 'invalid_json']));
  });
});

describe('verdicts', () => {
  test('carry the program as their key, in the partition that they came from', async () => {
    await send([{ partition: 0, key: PROGRAM[0]!, value: access('one') }]);
    await score();
    const consumer = new Kafka({ brokers: [broker.address], clientId: 'host', logLevel: logLevel.NOTHING }).consumer({
      groupId: `${prefix}-host`,
    });
    await consumer.connect();
    await consumer.subscribe({ topic: `${prefix}.verdicts.v1`, fromBeginning: true });
    const { promise: first, resolve } = Promise.withResolvers<{ key: string | undefined; partition: number }>();
    await consumer.run({
      eachMessage: async ({ partition, message }) => resolve({ partition, key: message.key?.toString() }),
    });
    expect(await first).toEqual({ partition: 0, key: PROGRAM[0] });
    await consumer.disconnect();
  });
});
