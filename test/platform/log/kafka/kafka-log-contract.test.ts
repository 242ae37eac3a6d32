import { beforeAll } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { openKafkaLog } from '../../../../services/platform/log/kafka/open-kafka-log.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { deleteTopics } from '../../../kafka/topics.ts';
import { describeEventLog } from '../event-log-contract.ts';

allowKafkaItsTime();
let broker: SharedBroker;
beforeAll(async () => {
  broker = await sharedBroker();
});

let logs = 0;
describeEventLog('Kafka', async () => {
  const topicPrefix = `contract-${process.pid}-${logs++}`;
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
