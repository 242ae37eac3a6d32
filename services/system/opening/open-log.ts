/** Opens the log that the configuration names: on Apache Kafka where it names brokers, else in the data folder. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import type { DataFolder } from '../../platform/folder/data-folder.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { KafkaAccess } from '../../platform/log/kafka/kafkajs-internals.ts';
import type { SyncMode } from '../../platform/log/sqlite/format.ts';
import { openSqliteLog } from '../../platform/log/sqlite/open-sqlite-log.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { UserError } from '../user-error.ts';

/** The part of the configuration that says where the log is. */
export type LogConfig = Pick<
  Config,
  | 'kafkaBrokers'
  | 'kafkaTopicPrefix'
  | 'kafkaReplication'
  | 'kafkaTls'
  | 'kafkaCaFile'
  | 'kafkaCertFile'
  | 'kafkaKeyFile'
  | 'kafkaSasl'
  | 'kafkaUser'
  | 'kafkaPassword'
  | 'partitions'
>;

interface OpenLogOptions {
  readonly config: LogConfig;
  /** Null only where the log is on Kafka. */
  readonly folder: DataFolder | null;
  readonly create: boolean;
  /** Of a log in the data folder; Kafka has its replicas. @default 'full' */
  readonly syncMode?: SyncMode;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** What brokers list as the client. */
  readonly clientId: string;
}

export function isOnKafka(config: Pick<Config, 'kafkaBrokers'>): boolean {
  return config.kafkaBrokers !== null;
}

/** @throws LogError or UserError of one line */
export async function openLog({ config, folder, create, syncMode = 'full', clock, clientId }: OpenLogOptions): Promise<EventLog> {
  const partitions = config.partitions === null ? {} : { partitions: config.partitions };
  if (!isOnKafka(config)) return openSqliteLog({ path: folder!.logFile, create, syncMode, clock, ...partitions });
  // Only where it is needed: kafkajs is a tenth of what a command takes to start.
  const { openKafkaLog } = await import('../../platform/log/kafka/open-kafka-log.ts');
  return openKafkaLog({
    ...kafkaAccess(config, clientId),
    topicPrefix: config.kafkaTopicPrefix,
    replication: config.kafkaReplication,
    create,
    clock,
    ...partitions,
  });
}

/** How the brokers are reached. @throws UserError when a file cannot be read, or a name or password is missing */
export function kafkaAccess(config: LogConfig, clientId: string): KafkaAccess {
  const brokers = (config.kafkaBrokers ?? '').split(',');
  const { kafkaSasl: mechanism, kafkaUser: username, kafkaPassword: password } = config;
  const ssl = config.kafkaTls === 'on' ? { ssl: tlsOptions(config) } : {};
  if (mechanism === 'none') return { brokers, clientId, ...ssl };
  if (username === null || password === null)
    throw new UserError(`NTK_KAFKA_SASL=${mechanism} needs NTK_KAFKA_USER and NTK_KAFKA_PASSWORD`);
  return { brokers, clientId, ...ssl, sasl: { mechanism, username, password } };
}

function tlsOptions({ kafkaCaFile, kafkaCertFile, kafkaKeyFile }: LogConfig): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(kafkaCaFile === null ? {} : { ca: pem('NTK_KAFKA_CA_FILE', kafkaCaFile) }),
    ...(kafkaCertFile === null ? {} : { cert: pem('NTK_KAFKA_CERT_FILE', kafkaCertFile) }),
    ...(kafkaKeyFile === null ? {} : { key: pem('NTK_KAFKA_KEY_FILE', kafkaKeyFile) }),
  };
}

function pem(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`${variable}=${file} cannot be read (${systemCodeInWords(error)})`);
  }
}
