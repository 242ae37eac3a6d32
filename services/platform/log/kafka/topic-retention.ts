/** How long a topic keeps its records: a setting that is changed while we run, so it is asked for. */
import type { Kafka } from 'kafkajs';
import { asLogError } from './kafka-error.ts';
import { CONFIG_OF_TOPIC } from './kafkajs-internals.ts';

const NAME = 'retention.ms';

/** Milliseconds; null without a bound. @throws LogError */
export async function topicRetentionMs(client: Kafka, topic: string): Promise<number | null> {
  const admin = client.admin();
  try {
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: CONFIG_OF_TOPIC, name: topic, configNames: [NAME] }],
    });
    const value = resources[0]?.configEntries.find(({ configName }) => configName === NAME)?.configValue;
    const ms = Number(value ?? Number.NaN);
    return ms >= 0 ? ms : null;
  } catch (error) {
    throw asLogError(error, `asking how long ${topic} is kept`);
  } finally {
    await admin.disconnect();
  }
}
