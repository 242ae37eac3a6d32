/** Scorers that share the partitions of a log on Kafka. Loaded by those only: kafkajs is a tenth of what a command takes to start. */
import type { EventLog } from '../../platform/log/event-log.ts';
import { PartitionGroup, type PartitionGroupOptions } from '../../platform/log/kafka/partition-group.ts';
import { scorersGroup, topicName } from '../../platform/log/kafka/topics.ts';
import { isOnKafka, kafkaAccess, type LogConfig } from './open-log.ts';
import { UserError } from '../user-error.ts';

/** @throws UserError where the log is not on Kafka */
export function openScorerGroup(
  config: LogConfig,
  log: EventLog,
  told: Pick<PartitionGroupOptions, 'clock' | 'onAssigned' | 'onFailed'>,
): PartitionGroup {
  if (!isOnKafka(config))
    throw new UserError("NTK_ASSIGNMENT=group needs a log on Kafka (NTK_KAFKA_BROKERS); a data folder has one scorer: 'all'");
  return new PartitionGroup({
    access: kafkaAccess(config, 'ntk-scorer'),
    groupId: scorersGroup(config.kafkaTopicPrefix),
    topic: topicName(config.kafkaTopicPrefix, 'access'),
    partitions: log.partitions,
    ...told,
  });
}
