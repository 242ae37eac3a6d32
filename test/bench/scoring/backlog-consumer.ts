/** kafkajs's consumer for a backlog: fetches as large as the scorer's, and word of the first one. */
import './zstd-codec.ts';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { Watch } from '../process/measured.ts';

const FETCH_BYTES_MAX = 4 * 1024 * 1024;

export interface BacklogConsumer {
  readonly consumer: Consumer;
  /** Joining the group is not what is measured: watches from the first fetch on. */
  readonly fetching: Promise<Watch>;
  /** Rejects when the consumer gives up or begins anew: what was counted then is not what was read. */
  readonly crashed: Promise<never>;
}

export async function backlogConsumer(broker: string, groupId: string): Promise<BacklogConsumer> {
  const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
    groupId,
    maxBytesPerPartition: FETCH_BYTES_MAX,
    allowAutoTopicCreation: false,
  });
  const fetching = new Promise<Watch>((resolve) => {
    consumer.on(consumer.events.FETCH_START, () => resolve(new Watch()));
  });
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  });
  // Told to whoever awaits it.
  crashed.catch(() => {});
  await consumer.connect();
  return { consumer, fetching, crashed };
}
