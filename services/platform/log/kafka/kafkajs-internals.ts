/**
 * The parts of kafkajs 2.2.4 below its producer and consumer: connections (TLS, SASL), metadata, coordinators, and the requests of a
 * transaction. Why not the public producer and consumer:
 * - the consumer resets an offset that is out of range silently; it reads only through a group, whose rebalances are eager: whoever
 *   joins takes everything from everybody, in the middle of a batch; and it makes some objects of each record (four times the
 *   scorer's budget for it). Nothing here is a member of a group, so there is nothing to rebalance;
 * - the producer sends InitProducerId only with its first transaction, retries EndTxn by itself, so that a "fenced" may stand for a
 *   commit that went through, and its sequence numbers do not wrap;
 * - neither knows topic ids, and a topic that was made anew must not pass for the old one.
 * The package has had no release since 2023 and is pinned to this one; this file and kafkajs-mends.ts are the only ones that reach into it.
 */
import { createRequire } from 'node:module';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import './kafkajs-mends.ts';

/** A request that kafkajs puts its header before and sends. */
export interface ProtocolRequest<Response> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    /** The body. */
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(body: Buffer): Promise<Response>;
    parse(decoded: Response): Promise<Response>;
  };
  readonly logResponseError?: boolean;
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface InternalBroker {
  readonly nodeId: number | null;
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
  readonly connectionPool: { send<Response>(request: ProtocolRequest<Response>): Promise<Response> };
  isConnected(): boolean;
  disconnect(): Promise<void>;
  initProducerId(options: {
    transactionalId: string;
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(options: ProducerIdentity & { topics: readonly TopicPartitions[] }): Promise<unknown>;
  endTxn(options: ProducerIdentity & { transactionResult: boolean }): Promise<unknown>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number; offset: string; metadata: string }[] }[];
  }): Promise<unknown>;
  /** An offset of -1 is none. */
  offsetFetch(options: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: readonly { partitions: readonly { offset: string; metadata: string | null }[] }[] }>;
  listOffsets(options: {
    replicaId: number;
    isolationLevel: number;
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
  }): Promise<{
    responses: readonly { topic: string; partitions: readonly { partition: number; errorCode: number; offset: string }[] }[];
  }>;
}

export interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(options: { nodeId: string }): Promise<InternalBroker>;
  findControllerBroker(): Promise<InternalBroker>;
  findGroupCoordinator(options: { groupId: string; coordinatorType: number }): Promise<InternalBroker>;
  findTopicPartitionMetadata(topic: string): readonly {
    partitionId: number;
    leader: number;
    replicas: readonly number[];
  }[];
}

export interface KafkaAccess {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: ConnectionOptions | boolean;
  readonly sasl?: SASLOptions;
  /** A broker that does not answer for this long counts as gone. @default 15,000 */
  readonly answerMs?: number;
}

const load = createRequire(import.meta.url);
const Cluster = load('kafkajs/src/cluster') as new (options: object) => InternalCluster;

/** Not among the names that Node finds in the package when a module imports it. */
export const CONFIG_OF_TOPIC = (load('kafkajs') as { readonly ConfigResourceTypes: { readonly TOPIC: number } })
  .ConfigResourceTypes.TOPIC;
export const COORDINATOR = { group: 0, transaction: 1 } as const;

const ANSWER_MS_DEFAULT = 15_000;
const CONNECT_MS_MAX = 3_000;
const METADATA_AGE_MS_MAX = 60_000;
const KEEP_ALIVE_MS = 60_000;
/** Retrying is done in one place, connection.ts, which knows what may be repeated. */
const RETRY = { retries: 1, initialRetryTime: 20, maxRetryTime: 100 };

/** A client of kafkajs's own asks each broker of the list once: it is made anew each time, and begins with the first. */
function retry({ brokers }: KafkaAccess): typeof RETRY {
  return { ...RETRY, retries: Math.max(RETRY.retries, brokers.length - 1) };
}

export function createCluster(access: KafkaAccess): InternalCluster {
  return new Cluster({
    ...clientOptions(access),
    // What goes wrong is said once, by the LogError that comes of it.
    logger: new Kafka({ ...clientOptions(access), logLevel: logLevel.NOTHING }).logger(),
    metadataMaxAge: METADATA_AGE_MS_MAX,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
  });
}

/** kafkajs's own client, for topics and their settings. */
export function createClient(access: KafkaAccess): Kafka {
  return new Kafka({ ...clientOptions(access), retry: retry(access), logLevel: logLevel.NOTHING });
}

function clientOptions({ brokers, clientId, ssl, sasl, answerMs = ANSWER_MS_DEFAULT }: KafkaAccess) {
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_MS_MAX,
    requestTimeout: answerMs,
    enforceRequestTimeout: true,
    retry: RETRY,
    socketFactory,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

/** As kafkajs's own, but without Nagle's algorithm, which holds the second of two small requests back until the first is answered. */
function socketFactory({
  host,
  port,
  ssl,
  onConnect,
}: {
  host: string;
  port: number;
  ssl: ConnectionOptions | boolean | undefined;
  onConnect: () => void;
}): Socket {
  const tls = typeof ssl === 'object' ? ssl : {};
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl ? connectTls({ host, port, ...name, ...tls }, onConnect) : connectTcp({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setNoDelay(true);
  // kafkajs lets go of a socket that is not connected yet once for each request that waited for it, and each time Node adds a listener.
  socket.setMaxListeners(0);
  return socket;
}
