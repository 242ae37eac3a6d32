import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../services/platform/clock.ts';
import { openKafkaLog } from '../../services/platform/log/kafka/open-kafka-log.ts';
import { startBroker, type TestBroker } from '../kafka/broker.ts';
import { deleteTopics } from '../kafka/topics.ts';
import { describeEventLog } from '../platform/log/event-log-contract.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker.stop();
});

let logs = 0;
describeEventLog('Kafka', async () => {
  const topicPrefix = `contract-${logs++}`;
  const access = { brokers: [broker.address], clientId: 'contract', topicPrefix, clock: systemClock, replication: 1 };
  let current = await openKafkaLog({ ...access, partitions: 2, create: true });
  return {
    log: current,
    async reopen() {
      await current.close();
      current = await openKafkaLog({ ...access, create: false });
      return current;
    },
    async dispose() {
      await current.close();
      await deleteTopics(broker, topicPrefix);
    },
  };
});
