/** Keys of a log whose topics the broker has compacted, for whoever looked at them long before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { topicName } from '../../../../services/platform/log/kafka/topics.ts';
import { startBroker, type TestBroker } from '../../../kafka/broker.ts';
import { administrate } from '../../../kafka/topics.ts';
import { TestLogs } from './open-test-log.ts';

const MS_MAX = 300_000;
/** ConfigResourceTypes.TOPIC; Node does not find the name in the package. */
const TOPIC = 2;
/** A day's work in a moment: what was removed is forgotten at once. */
const HASTY = { 'delete.retention.ms': '0', 'segment.ms': '50', 'min.cleanable.dirty.ratio': '0', 'cleanup.policy': 'compact' };

let broker: TestBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await startBroker({ properties: { 'log.cleaner.backoff.ms': '50' } });
}, MS_MAX);
afterAll(async () => {
  await logs.closeAll();
  await broker.stop();
}, MS_MAX);

const put = (log: KafkaEventLog, key: string, text: string | null): Promise<unknown> =>
  log.commit({ puts: [{ stream: 'checkpoints', partition: 0, key, value: text === null ? null : Buffer.from(text) }] });

/** In any order, with its value. */
async function keysOf(log: KafkaEventLog, prefix: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key, value } of log.readKeyed('checkpoints', 0, prefix)) found[key] = value.toString();
  return found;
}

/** Offset at which the topic's first record lies now. */
async function firstOffset(prefix: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { Kafka, logLevel } = await import('kafkajs');
  const kafka = new Kafka({ brokers: [broker.address], clientId: 'looks', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `looks-${performance.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: topicName(prefix, 'checkpoints'), fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => resolve(Number(message.offset)) });
  const first = await promise;
  await consumer.disconnect();
  return first;
}

test('a key that was removed so long ago that the broker has forgotten its removal is removed for who knew it, too', {
  timeout: MS_MAX,
}, async () => {
  const prefix = logs.newPrefix();
  const log = await logs.open(prefix, { partitions: 1 });
  await put(log, 'manifest/1', 'one');
  await put(log, 'manifest/2', 'two');
  const other = await logs.open(prefix, { partitions: 1, create: false });
  expect(await keysOf(other, 'manifest/')).toEqual({ 'manifest/1': 'one', 'manifest/2': 'two' });
  await put(log, 'manifest/1', null);
  await put(log, 'manifest/2', 'another two');
  await administrate(broker, (admin) => {
    const configEntries = Object.entries(HASTY).map(([name, value]) => ({ name, value }));
    return admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: TOPIC, name: topicName(prefix, 'checkpoints'), configEntries }],
    });
  });
  // Value, removal and what was overwritten are gone; each record that is written ends a segment, which then may be compacted.
  await expect
    .poll(
      async () => {
        await put(log, 'tick', String(performance.now()));
        return firstOffset(prefix);
      },
      { timeout: MS_MAX / 2 },
    )
    .toBeGreaterThan(4);
  expect(await keysOf(other, 'manifest/')).toEqual({ 'manifest/2': 'another two' });
  expect(await other.getKeyed('checkpoints', 0, 'manifest/1')).toBeNull();
  await put(log, 'manifest/1', 'one again');
  // Others see a commit when the broker has written its marker, a moment later.
  await expect.poll(() => keysOf(other, 'manifest/')).toEqual({ 'manifest/1': 'one again', 'manifest/2': 'another two' });
});
