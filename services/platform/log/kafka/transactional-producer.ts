/**
 * One transactional id and its transactions. The order matters:
 * 1. `take` sends InitProducerId: whoever had the id is fenced, and a transaction it left open is given up or finished before the
 *    answer comes. (kafkajs's own producer sends it with its first transaction only: between its connect() and that, nobody is fenced.)
 * 2. AddPartitionsToTxn: the coordinator knows where the markers go, whatever happens to us.
 * 3. Produce, under sequence numbers: what is sent twice is stored once.
 * 4. EndTxn. Its answer means that the outcome is decided; markers follow, and readers see the records when they are there.
 * Whatever fails on the way makes this producer useless: what it had under way is given up by the next `take`.
 */
import { LogError, type Origin } from '../event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { asLogError, CODE, codeOf, isFenced, isNoAnswer, KafkaCodeError } from './kafka-error.ts';
import type { ProducerIdentity, TopicPartitions } from './kafkajs-internals.ts';
import { encodeBatchAside, type OutgoingBatch } from './record-batch.ts';
import { produceBatches } from './requests.ts';
import type { VisibleFloor } from './visible-floor.ts';

/**
 * How long a transaction of a process that died keeps readers of its partitions from going on; nobody else ends it when the id is
 * not taken again.
 */
const TRANSACTION_MS_MAX = 20_000;
const PRODUCE_MS_MAX = 10_000;
/** Sequence numbers are int32 and begin again at 0; kafkajs's own do not. */
const SEQUENCE_MASK = 0x7fff_ffff;

/** Records for one partition that fit into one batch. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly (Uint8Array | null)[];
  readonly keys: readonly (Uint8Array | null)[] | null;
  readonly origin: Origin;
  readonly plainBytesMax?: OutgoingBatch['plainBytesMax'];
}

type TransactionOutcome =
  /** Base offset of each chunk. */
  | { readonly status: 'ended'; readonly baseOffsets: readonly number[] }
  /** Nothing was written. */
  | { readonly status: 'fenced' };

interface TransactionalProducerOptions {
  readonly connection: KafkaConnection;
  readonly transactionalId: string;
  readonly floor: VisibleFloor;
  /** Sequence number to begin with; only a test has a reason to choose. @default 0 */
  readonly firstSequence?: number;
}

export function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) & SEQUENCE_MASK;
}

const keyOf = (topic: string, partition: number): string => `${topic} ${partition}`;

export class TransactionalProducer {
  readonly #options: TransactionalProducerOptions;
  readonly #sequences = new Map<string, number>();
  #identity: { readonly transactionalId: string; readonly producerId: string; readonly producerEpoch: number } | null = null;

  constructor(options: TransactionalProducerOptions) {
    this.#options = options;
  }

  /** Whether it was taken and nothing has failed since. */
  get isUsable(): boolean {
    return this.#identity !== null;
  }

  /** Takes the transactional id. @throws LogError */
  async take(): Promise<void> {
    const { connection, transactionalId } = this.#options;
    this.#identity = null;
    this.#sequences.clear();
    try {
      // While markers of the one before are being written the answer is CONCURRENT_TRANSACTIONS.
      const { producerId, producerEpoch } = await connection.trying(async () => {
        const coordinator = await connection.transactionCoordinator(transactionalId);
        return coordinator.initProducerId({ transactionalId, transactionTimeout: TRANSACTION_MS_MAX });
      });
      this.#identity = { transactionalId, producerId, producerEpoch };
    } catch (error) {
      throw asLogError(error, `taking ${transactionalId}`);
    }
  }

  /**
   * All chunks or none; with `end` 'abort' they are written and given up.
   * @throws LogError when nobody can say whether it was committed, or nothing was; then `take` comes first
   */
  async transact(chunks: readonly Chunk[], end: 'commit' | 'abort' = 'commit'): Promise<TransactionOutcome> {
    const identity = this.#identity;
    const { transactionalId, connection } = this.#options;
    if (identity === null) throw new LogError('log_unreachable', `${transactionalId} has to be taken again after an error`);
    // Back when everything went well.
    this.#identity = null;
    const progress = { isEndUnanswered: false };
    try {
      await connection.trying(() => this.#addPartitions(partitionsOf(chunks), identity));
      const baseOffsets = await this.#produce(chunks, identity);
      await connection.trying(
        async () => {
          const coordinator = await connection.transactionCoordinator(transactionalId);
          return coordinator.endTxn({ ...identity, transactionResult: end === 'commit' });
        },
        (error) => {
          if (isNoAnswer(error)) progress.isEndUnanswered = true;
        },
      );
      for (const [i, chunk] of chunks.entries()) {
        this.#options.floor.raise(chunk.topic, chunk.partition, baseOffsets[i]! + chunk.values.length);
      }
      this.#identity = identity;
      return { status: 'ended', baseOffsets };
    } catch (error) {
      // Fenced after an attempt that was not answered: that attempt may have committed.
      if (isFenced(error) && !progress.isEndUnanswered) return { status: 'fenced' };
      throw asLogError(error, `a transaction of ${transactionalId}`);
    }
  }

  async #addPartitions(topics: readonly TopicPartitions[], identity: ProducerIdentity): Promise<void> {
    const { connection, transactionalId } = this.#options;
    const coordinator = await connection.transactionCoordinator(transactionalId);
    try {
      await coordinator.addPartitionsToTxn({ ...identity, topics });
    } catch (error) {
      const refused = codeOf(error);
      if (refused !== CODE.notAttempted && refused !== CODE.topicUnauthorized) throw error;
      // One of the topics is refused, and the answer for all of them may be that of any other, or does not name it.
      for (const topic of topics) {
        await coordinator.addPartitionsToTxn({ ...identity, topics: [topic] }).catch((refusal: unknown) => {
          const code = codeOf(refusal);
          throw code === null ? refusal : new KafkaCodeError(code, `${topic.topic} takes no part in a transaction`);
        });
      }
    }
  }

  /** Kafka takes one batch a partition in a request: chunks of the same partition go one after the other. */
  async #produce(chunks: readonly Chunk[], identity: { producerId: string; producerEpoch: number }): Promise<readonly number[]> {
    const baseOffsets = new Array<number>(chunks.length).fill(0);
    const queues = Map.groupBy(chunks.keys(), (i) => keyOf(chunks[i]!.topic, chunks[i]!.partition));
    for (let round = 0; ; round++) {
      const indexes = [...queues.values()].flatMap((queue) => queue.slice(round, round + 1));
      if (indexes.length === 0) return baseOffsets;
      const batches = await Promise.all(indexes.map((i) => this.#encode(chunks[i]!, identity)));
      const offsets = await this.#send(batches);
      for (const [n, i] of indexes.entries())
        baseOffsets[i] = offsets.get(keyOf(chunks[i]!.topic, chunks[i]!.partition)) ?? missing(batches[n]!);
    }
  }

  /** Takes its sequence numbers at once; the bytes come later. */
  async #encode(
    { topic, partition, ...records }: Chunk,
    identity: { producerId: string; producerEpoch: number },
  ): Promise<Outgoing> {
    const key = keyOf(topic, partition);
    const firstSequence = this.#sequences.get(key) ?? this.#options.firstSequence ?? 0;
    this.#sequences.set(key, sequenceAfter(firstSequence, records.values.length));
    return { topic, partition, batch: await encodeBatchAside({ ...records, ...identity, firstSequence }) };
  }

  /** Sends until each is stored. Answers base offsets by partition. */
  async #send(batches: readonly Outgoing[]): Promise<Map<string, number>> {
    const { connection, transactionalId } = this.#options;
    const stored = new Map<string, number>();
    await connection.trying(async () => {
      const waiting = batches.filter(({ topic, partition }) => !stored.has(keyOf(topic, partition)));
      const led = await Promise.all(
        waiting.map(async (batch) => ({ batch, broker: await connection.leader(batch.topic, batch.partition) })),
      );
      const requests = [...Map.groupBy(led, ({ broker }) => broker)].map(async ([broker, members]) => {
        const request = produceBatches(
          transactionalId,
          members.map(({ batch }) => batch),
          PRODUCE_MS_MAX,
        );
        const answers = await broker.connectionPool.send(request);
        for (const { topic, partition, errorCode, baseOffset } of answers) {
          if (errorCode !== 0) throw new KafkaCodeError(errorCode, `${topic} ${partition} takes no records`);
          stored.set(keyOf(topic, partition), baseOffset);
        }
      });
      // All have to settle: a request that is still under way must not be followed by one with the same batch.
      const failed = (await Promise.allSettled(requests)).find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    });
    return stored;
  }
}

interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

function missing({ topic, partition }: Outgoing): never {
  throw new Error(`${topic} ${partition}: the broker stored a batch and did not say where`);
}

function partitionsOf(chunks: readonly Chunk[]): TopicPartitions[] {
  return [...Map.groupBy(chunks, ({ topic }) => topic)].map(([topic, members]) => ({
    topic,
    partitions: [...new Set(members.map(({ partition }) => partition))],
  }));
}
