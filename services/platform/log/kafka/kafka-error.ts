/** What Kafka says, as an error of the log that says what to do. Codes: https://kafka.apache.org/protocol#protocol_error_codes. */
import { LogError } from '../event-log.ts';
import { ACCESS_MESSAGE_BYTES_MAX, OWN_MESSAGE_BYTES_MAX } from './topics.ts';

export const CODE = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  networkException: 13,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  topicUnauthorized: 29,
  groupUnauthorized: 30,
  clusterUnauthorized: 31,
  unsupportedSasl: 33,
  illegalSaslState: 34,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  coordinatorFenced: 52,
  transactionalIdUnauthorized: 53,
  notAttempted: 55,
  storageError: 56,
  saslFailed: 58,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  producerFenced: 90,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
} as const;

/** An error code of the broker's in a response that requests.ts reads. */
export class KafkaCodeError extends Error {
  readonly code: number;
  constructor(code: number, what: string) {
    super(`${what} (Kafka error ${code})`);
    this.name = 'KafkaCodeError';
    this.code = code;
  }
}

/** The partition's newest records are not visible yet to whom was promised them. */
export class NotVisibleYet extends Error {
  constructor() {
    super('a committed transaction is not visible yet');
    this.name = 'NotVisibleYet';
  }
}

/** The broker did nothing, or something that may be done again under the same sequence number. */
const TRANSIENT: ReadonlySet<number> = new Set([
  CODE.unknownTopic,
  CODE.leaderNotAvailable,
  CODE.notLeader,
  CODE.requestTimedOut,
  CODE.brokerNotAvailable,
  CODE.replicaNotAvailable,
  CODE.networkException,
  CODE.coordinatorLoading,
  CODE.coordinatorNotAvailable,
  CODE.notCoordinator,
  CODE.notEnoughReplicas,
  CODE.notEnoughReplicasAfterAppend,
  CODE.concurrentTransactions,
  CODE.coordinatorFenced,
  CODE.storageError,
  CODE.fencedLeaderEpoch,
  CODE.unknownLeaderEpoch,
  CODE.offsetNotAvailable,
  CODE.unknownTopicId,
  CODE.inconsistentTopicId,
]);

/** Names of kafkajs's errors that say that no answer came. */
const NO_ANSWER: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
]);

/** kafkajs's broker/index.js throws a plain Error when a connection went away before the request; its name says nothing. */
const NOT_CONNECTED = 'Broker not connected';

/** kafkajs wraps errors in others that say how often it tried. */
export function* causes(error: unknown): Generator<Error> {
  let next = error;
  for (let depth = 0; next instanceof Error && depth < 10; depth++) {
    yield next;
    next = next.cause;
  }
}

/** The broker's error code, or null. */
export function codeOf(error: unknown): number | null {
  for (const cause of causes(error)) if ('code' in cause && typeof cause.code === 'number' && cause.code > 0) return cause.code;
  return null;
}

/** Nobody can say whether the broker did what it was asked. */
export function isNoAnswer(error: unknown): boolean {
  if (codeOf(error) !== null) return false;
  for (const cause of causes(error)) if (NO_ANSWER.has(cause.name) || cause.message === NOT_CONNECTED) return true;
  return false;
}

/** Trying again may help. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof NotVisibleYet || (code === null ? isNoAnswer(error) : TRANSIENT.has(code));
}

/** Another producer has this transactional id now, or the broker gave the transaction up because it took too long. */
export function isFenced(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === CODE.invalidProducerEpoch ||
    code === CODE.producerFenced ||
    code === CODE.invalidProducerIdMapping ||
    code === CODE.invalidTransactionState
  );
}

/** OpenSSL says where in its sources it stood: `40DD…:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/…`. */
const OPENSSL = /[0-9A-F]+:error:[0-9A-F]+:SSL routines:[^:]*:(?:ssl\/tls )?([^:]*):.*$/;

/**
 * A {@link LogError} for what is no bug; any other error comes back as it is.
 * @param advice what to do where Kafka cannot be reached, when more is known than the error says
 */
export function asLogError(error: unknown, what: string, advice: string | null = null): unknown {
  if (error instanceof LogError) return error;
  const cause = { cause: error };
  const detail = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(OPENSSL, 'TLS: $1');
  const names = new Set([...causes(error)].map(({ name }) => name));
  const refused = `${what}: Kafka refuses these credentials (${detail})`;
  const refusedWho = `${refused}; check NTK_KAFKA_USER, NTK_KAFKA_PASSWORD and NTK_KAFKA_SASL`;
  switch (codeOf(error)) {
    case CODE.offsetOutOfRange:
      return new LogError(
        'log_offset_out_of_range',
        `${what}: Kafka no longer has, or does not have yet, what was asked for`,
        cause,
      );
    case CODE.messageTooLarge:
    case CODE.recordListTooLarge:
      // Nothing that is sent needs more than topics are made with (topics.ts): somebody has changed one since it was looked at.
      return new LogError(
        'log_corrupt',
        `${what}: the topic's max.message.bytes is smaller than when the log was opened (${detail}); with kafka-configs.sh give it ${OWN_MESSAGE_BYTES_MAX}, or ${ACCESS_MESSAGE_BYTES_MAX} where it is the topic of accesses`,
        cause,
      );
    case CODE.storageError:
      return new LogError('log_disk_full', `${what}: the Kafka broker cannot write to its disk`, cause);
    case CODE.topicUnauthorized:
    case CODE.groupUnauthorized:
    case CODE.clusterUnauthorized:
    case CODE.transactionalIdUnauthorized:
      return new LogError('log_unreachable', `${refused}; check the ACLs (docs/kafka-access.md)`, cause);
    case CODE.saslFailed:
      return new LogError('log_unreachable', refusedWho, cause);
    case CODE.unsupportedSasl:
      return new LogError(
        'log_unreachable',
        `${what}: Kafka does not know the mechanism of NTK_KAFKA_SASL there (${detail}); name one of its sasl.enabled.mechanisms`,
        cause,
      );
    case CODE.illegalSaslState:
      return new LogError(
        'log_unreachable',
        `${what}: Kafka takes no SASL there now (${detail}); if it always says so, name the port of a listener with SASL or unset NTK_KAFKA_SASL`,
        cause,
      );
    case CODE.concurrentTransactions:
      return new LogError('log_busy', `${what}: a transaction of this owner has not ended yet; try again`, cause);
    default:
      if (names.has('KafkaJSSASLAuthenticationError')) return new LogError('log_unreachable', refusedWho, cause);
      // kafkajs does not say that it was refused one.
      if (names.has('KafkaJSGroupCoordinatorNotFound'))
        return new LogError(
          'log_unreachable',
          `${what}: Kafka names no coordinator; it cannot do so now, or the ACLs give these credentials no such transactional id`,
          cause,
        );
      return isTransient(error) || [...names].some((name) => name.startsWith('KafkaJS')) || error instanceof KafkaCodeError
        ? new LogError(
            'log_unreachable',
            `${what}: Kafka cannot be reached or cannot do it now (${detail})${advice === null ? '' : `; ${advice}`}`,
            cause,
          )
        : error;
  }
}
