/** Opening a log in Kafka, or making it. */
import { LogError } from '../event-log.ts';
import {
  checkBrokerVersion,
  checkTopics,
  findTopics,
  makeTopics,
  partitionsBefore,
  type TopicPlan,
  type Topics,
} from './check-topics.ts';
import { KafkaConnection, TRYING_MS_DEFAULT } from './connection.ts';
import { asLogError } from './kafka-error.ts';
import { KafkaEventLog } from './kafka-event-log.ts';
import { createClient, type KafkaAccess } from './kafkajs-internals.ts';
import { topicRetentionMs } from './topic-retention.ts';
import { settingsAdvice } from './settings-advice.ts';
import { STREAMS, topicName } from './topics.ts';

export const PARTITIONS_DEFAULT = 16;
const REPLICATION_DEFAULT = 3;
const TOPIC_PREFIX_DEFAULT = 'ntk';

/** As many transactions of different partitions are under way at a broker at the same time; each connection is made when it is used. */
const WRITING_CONNECTIONS = 8;

export interface OpenKafkaLogOptions extends KafkaAccess {
  /** Topics are `PREFIX.access.v1` and so on; transactional ids and groups begin with `PREFIX.` too. @default 'ntk' */
  readonly topicPrefix?: string;
  /** Chosen when the log is made; of an existing log only to be checked. @default 16, or what the log has */
  readonly partitions?: number;
  /** Whether to make the topics that are missing. */
  readonly create: boolean;
  /**
   * Replicas of each partition. 1 is for trying out only: a single node that is broker and controller, is killed and starts again
   * may take an acknowledged transaction for complete before its markers are written, and then loses it (Kafka 4.3.1).
   * @default 3
   */
  readonly replication?: number;
  readonly clock: { monotonicMs(): number };
  /** How long to try again while Kafka is away, before `log_unreachable`. @default 10,000 */
  readonly tryingMs?: number;
}

/** @throws LogError with a message of one line that says what to do */
export async function openKafkaLog(options: OpenKafkaLogOptions): Promise<KafkaEventLog> {
  const {
    topicPrefix: prefix = TOPIC_PREFIX_DEFAULT,
    replication = REPLICATION_DEFAULT,
    create,
    clock,
    tryingMs = TRYING_MS_DEFAULT,
  } = options;
  const client = createClient(options);
  // Before the topics are there nothing can be asked of them.
  const asking = new KafkaConnection({ access: options, topics: [], clock, tryingMs });
  try {
    await checkBrokerVersion(asking);
    const topics = await findOrMake(options, prefix, asking);
    const plan: TopicPlan = { prefix, replication, partitions: options.partitions ?? topics.access.partitions };
    await checkTopics(client, topics, plan);
    const names = STREAMS.map((stream) => topicName(prefix, stream));
    const connect = (): KafkaConnection => new KafkaConnection({ access: options, topics: names, clock, tryingMs });
    const log = new KafkaEventLog({
      clock,
      prefix,
      topics,
      retentionOf: (topic) => topicRetentionMs(client, topic),
      connections: {
        reading: connect(),
        writing: [connect(), ...Array.from({ length: WRITING_CONNECTIONS - 1 }, connect)],
        watching: connect(),
      },
    });
    try {
      await log.checkManifest(create);
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  } catch (error) {
    throw asLogError(error, `opening the log in Kafka at ${options.brokers.join(', ')}`, settingsAdvice(error, options));
  } finally {
    await asking.close();
  }
}

async function findOrMake(options: OpenKafkaLogOptions, prefix: string, asking: KafkaConnection): Promise<Topics> {
  const { create, partitions: asked = null, replication = REPLICATION_DEFAULT } = options;
  try {
    return await findTopics(asking, prefix);
  } catch (error) {
    if (!create || !(error instanceof LogError)) throw error;
  }
  const partitions = (await partitionsBefore(asking, prefix, asked)) ?? asked ?? PARTITIONS_DEFAULT;
  await makeTopics(createClient(options), { prefix, partitions, replication });
  // A broker hears of what the controller made a little later.
  return asking.trying(() => findTopics(asking, prefix, { isMade: true }));
}
