import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { LogError } from '../../../../services/platform/log/event-log.ts';
import { openKafkaLog } from '../../../../services/platform/log/kafka/open-kafka-log.ts';
import { settingsOf, topicName } from '../../../../services/platform/log/kafka/topics.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { administrate, deleteTopics, makeTopic } from '../../../kafka/topics.ts';
import { block, PLENTY, TestLogs, textsOf, values } from './open-test-log.ts';

/** ConfigResourceTypes.TOPIC; Node does not find the name in the package. */
const TOPIC = 2;

allowKafkaItsTime();
let broker: SharedBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await sharedBroker();
});

let prefix: string;
beforeEach(() => {
  prefix = logs.newPrefix();
});
afterEach(async () => {
  await logs.closeAll();
});

async function refusal(attempt: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LogError);
  const { code, message } = error as LogError;
  expect(message).not.toMatch(/\n/);
  return { code, message };
}

const alter = (topic: string, configEntries: { name: string; value: string }[]) =>
  administrate(broker, async (admin) => {
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: TOPIC, name: topic, configEntries }] });
    // The controller has answered; the broker may hear of it a little later.
    const names = configEntries.map(({ name }) => name);
    await vi.waitUntil(
      async () => {
        const resources = [{ type: TOPIC, name: topic, configNames: names }];
        const [described] = (await admin.describeConfigs({ includeSynonyms: false, resources })).resources;
        const has = new Map(described!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
        return configEntries.every(({ name, value }) => has.get(name) === value);
      },
      { timeout: 10_000 },
    );
  });

describe('topics', () => {
  test('are made with the settings that the log asks for, and the same by several processes at once', async () => {
    const opened = await Promise.all([1, 2, 3].map(() => logs.open(prefix)));
    expect(new Set(opened.map(({ logId }) => logId)).size).toBe(1);
    await logs.open(prefix, { create: false });
  });

  test('that somebody has made before decide how many partitions the others get, unless another number is asked for', async () => {
    const topic = topicName(prefix, 'access');
    const configEntries = settingsOf('access', 1).map(({ name, value }) => ({ name, value }));
    await administrate(broker, (admin) => makeTopic(admin, { topic, numPartitions: 3, replicationFactor: 1, configEntries }));
    const { code, message } = await refusal(logs.open(prefix, { partitions: 2 }));
    expect([code, message]).toEqual(['log_wrong_partitions', expect.stringContaining(`${topic} has 3 partitions and the log 2`)]);
    const made = await administrate(broker, (admin) => admin.listTopics());
    expect(made.filter((name) => name.startsWith(`${prefix}.`))).toEqual([topic]);

    const options = { brokers: [broker.address], clientId: 'test', clock: systemClock, replication: 1, create: true };
    const log = await openKafkaLog({ ...options, topicPrefix: prefix });
    expect(log.partitions).toBe(3);
    await log.close();
  });

  test('are made so that size deletes nothing, whatever brokers do by default', async () => {
    await logs.open(prefix);
    const name = topicName(prefix, 'results');
    const { resources } = await administrate(broker, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type: TOPIC, name, configNames: ['retention.bytes'] }] }),
    );
    expect(resources[0]!.configEntries).toMatchObject([{ configValue: '-1', isDefault: false }]);
  });

  test('are not made when nobody asked for it', async () => {
    expect(await refusal(logs.open(prefix, { create: false }))).toMatchObject({
      code: 'log_unreachable',
      message: expect.stringContaining(`${prefix}.access.v1`),
    });
    expect(await administrate(broker, (admin) => admin.listTopics())).not.toContain(`${prefix}.access.v1`);
  });

  test('with another number of partitions are refused', async () => {
    await logs.open(prefix);
    expect(await refusal(logs.open(prefix, { create: false, partitions: 3 }))).toMatchObject({ code: 'log_wrong_partitions' });
    await administrate(broker, async (admin) => {
      const topic = `${prefix}.results.v1`;
      await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
      // The controller has answered; the broker may hear of it a little later.
      await vi.waitUntil(async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length === 3, {
        timeout: 10_000,
      });
    });
    const { code, message } = await refusal(logs.open(prefix, { create: false }));
    expect({ code, message }).toEqual({
      code: 'log_wrong_partitions',
      message: expect.stringContaining(`${prefix}.results.v1 has 3`),
    });
  });

  test('with fewer replicas than asked for are refused', async () => {
    await logs.open(prefix);
    const { message } = await refusal(logs.open(prefix, { create: false, replication: 3 }));
    expect(message).toContain(`${prefix}.access.v1 has 1 replicas and needs 3`);
    expect(message).toContain('min.insync.replicas=1 and needs at least 2');
  });

  test('with wrong settings are refused, each setting named with what it has to be', async () => {
    await (await logs.open(prefix)).close();
    const access = `${prefix}.access.v1`;
    const wrong = [
      { name: 'message.timestamp.type', value: 'CreateTime', needs: 'LogAppendTime' },
      { name: 'cleanup.policy', value: 'compact', needs: 'delete' },
      { name: 'compression.type', value: 'producer', needs: 'zstd' },
      { name: 'max.message.bytes', value: '1048588', needs: '4194304' },
      { name: 'unclean.leader.election.enable', value: 'true', needs: 'false' },
    ];
    await alter(access, wrong);
    await alter(`${prefix}.checkpoints.v1`, [{ name: 'cleanup.policy', value: 'delete' }]);
    await alter(`${prefix}.verdicts.v1`, [{ name: 'compression.type', value: 'snappy' }]);
    const { code, message } = await refusal(logs.open(prefix, { create: false }));
    expect(code).toBe('log_corrupt');
    for (const { name, value, needs } of wrong) expect(message).toContain(`${access} has ${name}=${value} and needs ${needs}`);
    expect(message).toContain(`${prefix}.checkpoints.v1 has cleanup.policy=delete and needs compact`);
    expect(message).toContain(`${prefix}.verdicts.v1 has compression.type=snappy and needs producer or zstd`);
  });

  test('that an earlier release made, which had brokers compress everything, are taken as they are', async () => {
    await (await logs.open(prefix)).close();
    for (const stream of ['results', 'verdicts', 'positions'] as const) {
      // What is not named would have the broker's default.
      const settings = settingsOf(stream, 1).map(({ name, value }) => ({
        name,
        value: name === 'compression.type' ? 'zstd' : value,
      }));
      await alter(topicName(prefix, stream), settings);
    }
    const log = await logs.open(prefix, { create: false });
    await log.commit({ appends: [{ stream: 'verdicts', partition: 0, values: values('a', 'b') }] });
    expect(await textsOf(log, 'verdicts')).toEqual(['a', 'b']);
  });
});

test('a topic that takes no batches of our size any more is something for a person, and no bug: with its setting mended the log goes on', async () => {
  const log = await logs.open(prefix);
  const topic = topicName(prefix, 'results');
  const settings = settingsOf('results', 1).map(({ name, value }) => ({ name, value }));
  const bytes = [randomBytes(20_000)];
  const append = { appends: [{ stream: 'results' as const, partition: 0, values: bytes }] };
  await alter(
    topic,
    settings.map(({ name, value }) => ({ name, value: name === 'max.message.bytes' ? '10000' : value })),
  );
  // Described settings are the controller's; who leads the partition may take a moment longer.
  await vi.waitUntil(
    () =>
      log.commit(append).then(
        () => false,
        () => true,
      ),
    { timeout: 10_000 },
  );
  const { code, message } = await refusal(log.commit(append));
  expect([code, message]).toEqual(['log_corrupt', expect.stringMatching(`${topic} 0 takes no records .* give it 4259840,`)]);
  await alter(topic, settings);
  await vi.waitUntil(
    () =>
      log.commit(append).then(
        () => true,
        () => false,
      ),
    { timeout: 10_000 },
  );
  expect((await log.last('results', 0))?.value).toEqual(bytes[0]);
});

test("what is written to a topic that was made anew under the name of the log's own is acknowledged to nobody", async () => {
  let aheadMs = 0;
  const log = await logs.open(prefix, { clock: { monotonicMs: () => performance.now() + aheadMs } });
  const append = { appends: [{ stream: 'access' as const, partition: 0, values: values('a') }] };
  await log.commit(append);
  // Somebody always has written a moment ago, as hosts of a busy gateway do: that is no look at the topics.
  aheadMs = 4_000;
  await log.commit(append);
  const topic = topicName(prefix, 'access');
  await administrate(broker, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await vi.waitUntil(async () => !(await admin.listTopics()).includes(topic), { timeout: 10_000 });
    const configEntries = settingsOf('access', 1).map(({ name, value }) => ({ name, value }));
    await makeTopic(admin, { topic, numPartitions: 2, replicationFactor: 1, configEntries });
  });
  aheadMs = 6_000;
  const { code, message } = await refusal(log.commit(append));
  expect([code, message]).toEqual(['log_corrupt', `topic ${topic} was made anew while the log was open; restart`]);
  expect(await refusal(log.commit(append))).toEqual({ code, message });
});

describe('a log that was made anew', () => {
  test('has another id', async () => {
    const { logId } = await logs.open(prefix);
    await logs.closeAll();
    await deleteTopics(broker, prefix);
    await expect.poll(() => administrate(broker, (admin) => admin.listTopics())).not.toContain(`${prefix}.access.v1`);
    expect((await logs.open(prefix)).logId).not.toBe(logId);
  });

  test('in one topic only is refused, with or without leave to make topics', async () => {
    for (const stream of ['access', 'results', 'positions']) {
      prefix = logs.newPrefix();
      const log = await logs.open(prefix);
      await (await log.claim('scorer', 0)).commit(block('a', 1));
      await logs.closeAll();
      await administrate(broker, (admin) => admin.deleteTopics({ topics: [`${prefix}.${stream}.v1`] }));
      // Brokers are told after the deletion was answered.
      await expect.poll(() => administrate(broker, (admin) => admin.listTopics())).not.toContain(`${prefix}.${stream}.v1`);
      const { code, message } = await refusal(logs.open(prefix));
      expect({ code, message }).toEqual({ code: 'log_corrupt', message: expect.stringContaining(`${prefix}.${stream}.v1`) });
      expect(await refusal(logs.open(prefix, { create: false }))).toMatchObject({
        code: stream === 'positions' ? 'log_unreachable' : 'log_corrupt',
      });
    }
  });

  test('while it is open is not taken for the old one', async () => {
    const log = await logs.open(prefix, { tryingMs: 1_000 });
    await log.commit({ appends: [{ stream: 'access', partition: 0, values: values('old') }] });
    expect(await textsOf(log, 'access')).toEqual(['old']);
    const topic = `${prefix}.access.v1`;
    await administrate(broker, async (admin) => {
      await admin.deleteTopics({ topics: [topic] });
      await makeTopic(admin, { topic, numPartitions: 2, replicationFactor: 1 });
    });
    expect(await refusal(log.read('access', 0, 0, PLENTY))).toMatchObject({ code: 'log_unreachable' });
    expect(await refusal(log.claim('scorer', 0))).toMatchObject({ code: 'log_corrupt', message: expect.stringContaining(topic) });
  });
});

describe('a broker that is not there', () => {
  test('is said in one line', async () => {
    const { code, message } = await refusal(logs.open(prefix, { brokers: ['127.0.0.1:1'], tryingMs: 500 }));
    expect({ code, message }).toEqual({ code: 'log_unreachable', message: expect.stringContaining('127.0.0.1:1') });
  });
});
