/** Making a log's topics, checking their settings, and what ties a log's id to them. */
import type { Kafka } from 'kafkajs';
import { LogError } from '../event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { CODE, KafkaCodeError } from './kafka-error.ts';
import { CONFIG_OF_TOPIC } from './kafkajs-internals.ts';
import { API, describeTopics, type TopicDescription, VERSION } from './requests.ts';
import { type Setting, settingsOf, STREAMS, topicName, type TopicStream } from './topics.ts';

export interface TopicPlan {
  readonly prefix: string;
  readonly partitions: number;
  readonly replication: number;
}

/** @throws LogError log_newer_format for a broker that is too old or too new */
export async function checkBrokerVersion(connection: KafkaConnection): Promise<void> {
  const { versions } = await connection.trying(() => connection.anyBroker());
  for (const name of ['produce', 'fetch', 'metadata'] as const) {
    const range = versions?.[API[name]];
    if (range !== undefined && range.minVersion <= VERSION[name] && range.maxVersion >= VERSION[name]) continue;
    throw new LogError(
      'log_newer_format',
      `the Kafka broker does not take ${name} requests of version ${VERSION[name]}; Kafka 4.x does`,
    );
  }
}

/** Makes the topics that are missing; two processes may do so at once. */
export async function makeTopics(client: Kafka, { prefix, partitions, replication }: TopicPlan): Promise<void> {
  const admin = client.admin();
  try {
    await admin.connect();
    const present = new Set(await admin.listTopics());
    const topics = STREAMS.filter((stream) => !present.has(topicName(prefix, stream))).map((stream) => ({
      topic: topicName(prefix, stream),
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: settingsOf(stream, replication).map(({ name, value }) => ({ name, value })),
    }));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
}

export type Topics = Readonly<
  Record<TopicStream, { readonly name: string; readonly id: string; readonly partitions: number; readonly replicas: number }>
>;

/** @throws LogError log_unreachable when one is not there; when all were just made, an error that trying again helps against */
export async function findTopics(connection: KafkaConnection, prefix: string, { isMade = false } = {}): Promise<Topics> {
  const described = await describe(connection, prefix);
  const missing = described.filter(({ errorCode }) => errorCode === CODE.unknownTopic).map(({ name }) => name);
  if (missing.length > 0 && isMade) throw new KafkaCodeError(CODE.unknownTopic, `${missing.join(', ')} cannot be found yet`);
  if (missing.length > 0) throw new LogError('log_unreachable', `Kafka has no topic ${missing.toSorted().join(', ')}`);
  const byName = new Map(described.map((topic) => [topic.name, topic]));
  return Object.fromEntries(STREAMS.map((stream) => [stream, found(byName.get(topicName(prefix, stream)))])) as unknown as Topics;
}

/** All topics of a log, those that are not there with the error code that says so. */
async function describe(connection: KafkaConnection, prefix: string): Promise<readonly TopicDescription[]> {
  const names = STREAMS.map((stream) => topicName(prefix, stream));
  return connection.trying(async () => {
    const broker = await connection.anyBroker();
    const answer = await broker.connectionPool.send(describeTopics(names));
    const failed = answer.find(({ errorCode }) => errorCode !== 0 && errorCode !== CODE.unknownTopic);
    if (failed !== undefined) throw new KafkaCodeError(failed.errorCode, `topic ${failed.name} cannot be described`);
    return answer;
  });
}

/**
 * The number of partitions of the topics that somebody has made before the log, which those that are missing get, too; null where there are none.
 * @throws LogError log_wrong_partitions, while nothing is made that would be in the way
 */
export async function partitionsBefore(
  connection: KafkaConnection,
  prefix: string,
  asked: number | null,
): Promise<number | null> {
  const there = (await describe(connection, prefix)).filter(({ errorCode }) => errorCode === 0);
  const [first] = there;
  if (first === undefined) return null;
  checkPartitions(
    there.map(({ name, partitions }) => ({ name, partitions: partitions.length })),
    asked ?? first.partitions.length,
  );
  return first.partitions.length;
}

function checkPartitions(topics: readonly { readonly name: string; readonly partitions: number }[], partitions: number): void {
  for (const { name, partitions: has } of topics) {
    if (has === partitions) continue;
    throw new LogError(
      'log_wrong_partitions',
      `topic ${name} has ${has} partitions and the log ${partitions}, which cannot be changed`,
    );
  }
}

function found(topic: TopicDescription | undefined): Topics[TopicStream] {
  if (topic === undefined) throw new LogError('log_unreachable', 'Kafka did not describe a topic that it was asked for');
  const { name, id, partitions } = topic;
  return { name, id, partitions: partitions.length, replicas: Math.min(...partitions.map(({ replicas }) => replicas)) };
}

/** @throws LogError log_wrong_partitions, or log_corrupt that names every setting that is wrong and what it has to be */
export async function checkTopics(client: Kafka, topics: Topics, { partitions, replication }: TopicPlan): Promise<void> {
  checkPartitions(Object.values(topics), partitions);
  const wrong: string[] = [];
  for (const { name, replicas } of Object.values(topics)) {
    if (replicas < replication) wrong.push(`${name} has ${replicas} replicas and needs ${replication}`);
  }
  wrong.push(...(await wrongSettings(client, topics, replication)));
  if (wrong.length > 0)
    throw new LogError(
      'log_corrupt',
      `Kafka's topics have wrong settings, change them with kafka-configs.sh: ${wrong.join('; ')}`,
    );
}

async function wrongSettings(client: Kafka, topics: Topics, replication: number): Promise<string[]> {
  const admin = client.admin();
  try {
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: STREAMS.map((stream) => ({ type: CONFIG_OF_TOPIC, name: topics[stream].name })),
    });
    return STREAMS.flatMap((stream) => {
      const { name: topic } = topics[stream];
      const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
      const valueOf = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
      return settingsOf(stream, replication).flatMap((setting) => {
        const { name } = setting;
        const has = valueOf.get(name) ?? 'nothing';
        return isRight(has, setting) ? [] : [`${topic} has ${name}=${has} and needs ${needs(setting)}`];
      });
    });
  } finally {
    await admin.disconnect();
  }
}

function isRight(has: string, { value, rule }: Setting): boolean {
  if (rule === 'free') return true;
  return rule === 'at least' ? Number(has) >= Number(value) : has === value || (typeof rule === 'object' && has === rule.or);
}

function needs({ value, rule }: Setting): string {
  if (typeof rule === 'object') return `${value} or ${rule.or}`;
  return rule === 'at least' ? `at least ${value}` : value;
}
