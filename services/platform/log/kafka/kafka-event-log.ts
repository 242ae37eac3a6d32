/** The log on Apache Kafka. What each part rests on is said where it is: reading, transactions, owners, keys. */
import { randomUUID } from 'node:crypto';
import { checkPartition } from '../check-arguments.ts';
import {
  type AppendStream,
  type EventLog,
  type KeyedStream,
  LogError,
  type Owner,
  type Position,
  type ReadLimits,
  type RecordBatch,
  type ShownOffset,
  type Transaction,
  type Undecided,
} from '../event-log.ts';
import { AppendWatch } from './append-watch.ts';
import { findTopics, type Topics } from './check-topics.ts';
import { type ClearNote, clearNoteSchema, ClearStretches } from './clear-stretches.ts';
import type { KafkaConnection } from './connection.ts';
import { GroupOffsets } from './group-offsets.ts';
import { asLogError } from './kafka-error.ts';
import { KafkaOwner, type OwnerLog } from './kafka-owner.ts';
import { KeyedPartition } from './keyed-partition.ts';
import { checkManifest, encodeManifest, MANIFEST_KEY, MANIFEST_PARTITION } from './manifest.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { PartitionReader } from './partition-reader.ts';
import { STREAMS, type TopicStream } from './topics.ts';
import { keyedChunk, planTransaction, positionKey, type Plan } from './transaction-plan.ts';
import { type Chunk, TransactionalProducer } from './transactional-producer.ts';
import { VisibleFloor } from './visible-floor.ts';

/** Commits without an owner go one after the other; who comes beyond that is told to try later. */
const COMMITS_WAITING_MAX = 1_000;

/** What was written under a topic's name is taken for written to this log for so long without looking. */
const TOPIC_IDS_AGE_MS_MAX = 5_000;

interface KafkaEventLogOptions {
  readonly clock: { monotonicMs(): number };
  readonly prefix: string;
  readonly topics: Topics;
  readonly retentionOf: (topic: string) => Promise<number | null>;
  /**
   * A broker answers one request of a connection after the other: reading, writing and waiting have connections of their own, and owners
   * of different partitions write through different ones.
   */
  readonly connections: {
    readonly reading: KafkaConnection;
    readonly writing: readonly [KafkaConnection, ...KafkaConnection[]];
    readonly watching: KafkaConnection;
  };
}

/** Made by `openKafkaLog`. */
export class KafkaEventLog implements EventLog {
  readonly logId: string;
  readonly partitions: number;
  readonly #options: KafkaEventLogOptions;
  readonly #floor = new VisibleFloor();
  readonly #fetchers = new Map<string, PartitionFetcher>();
  readonly #readers = new Map<string, PartitionReader>();
  readonly #keyed = new Map<string, KeyedPartition>();
  readonly #watch: AppendWatch;
  readonly #groups: GroupOffsets;
  readonly #committer: TransactionalProducer;
  #committing: Promise<unknown> = Promise.resolve();
  #waitingCommits = 0;
  /** What the last commit that could not reach Kafka failed with. */
  #outage: LogError | null = null;
  #isClosed = false;
  /** Monotonic milliseconds; the log was opened with them. */
  #topicIdsCheckedMs: number;

  constructor(options: KafkaEventLogOptions) {
    const { topics, connections, prefix } = options;
    this.#options = options;
    this.#topicIdsCheckedMs = options.clock.monotonicMs();
    this.logId = topics.access.id;
    this.partitions = topics.access.partitions;
    // Drawn anew each time: a second process of the same name must not fence this one.
    this.#committer = this.#producer(`commit.${randomUUID()}`, 0);
    this.#groups = new GroupOffsets({
      connection: connections.writing[0],
      groupOf: (consumer) => `${prefix}.${consumer}`,
      topicOf: (consumer) => topics[consumer === 'scorer' ? 'access' : 'results'].name,
    });
    this.#watch = new AppendWatch({
      connection: connections.watching,
      fetchersOf: (stream) => Array.from({ length: this.partitions }, (_, partition) => this.#fetcher(stream, partition)),
    });
  }

  async commit(transaction: Omit<Transaction, 'position'>): Promise<{ readonly baseOffsets: readonly number[] }> {
    const { appends = [], puts = [] } = transaction;
    const plan = this.#plan({ appends, puts });
    const offsets = plan.chunks.length === 0 ? [] : await this.#commitChunks(plan.chunks);
    this.#committed({ appends });
    return { baseOffsets: await this.#baseOffsets({ appends }, plan, offsets) };
  }

  async claim(role: Position['consumer'], partition: number): Promise<Owner> {
    checkPartition(partition, this.partitions);
    await this.#checkTopicIds('claiming a partition');
    const producer = this.#producer(`${role}.${partition}`, partition);
    return new KafkaOwner({ role, partition, producer, log: this.#ownerLog }).claim();
  }

  async read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): Promise<RecordBatch> {
    return this.#reader(stream, partition).read(offset, limits);
  }

  async last(stream: AppendStream, partition: number): Promise<{ readonly offset: number; readonly value: Buffer } | null> {
    return this.#reader(stream, partition).last();
  }

  /** The end is behind the last committed record; the next one may get a later offset than that. */
  async bounds(stream: AppendStream, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.#reader(stream, partition).bounds();
  }

  async undecided(stream: AppendStream, partition: number): Promise<Undecided> {
    return this.#fetcher(stream, partition).undecided();
  }

  async position(consumer: Position['consumer'], partition: number): Promise<Position | null> {
    const value = await this.#keyedPartition('positions', partition).get(positionKey(consumer));
    if (value === null) return null;
    const { offset, note } = JSON.parse(value.toString()) as { offset: number; note: string };
    return { consumer, partition, offset, note };
  }

  async shownOffset(consumer: Position['consumer'], partition: number): Promise<ShownOffset | null> {
    checkPartition(partition, this.partitions);
    return this.#groups.committed(consumer, partition);
  }

  readKeyed(
    stream: KeyedStream,
    partition: number,
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#keyedPartition(stream, partition).entries(prefix);
  }

  getManyKeyed(
    stream: KeyedStream,
    partition: number,
    keys: readonly string[],
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#keyedPartition(stream, partition).values(keys);
  }

  async getKeyed(stream: KeyedStream, partition: number, key: string): Promise<Buffer | null> {
    return this.#keyedPartition(stream, partition).get(key);
  }

  async waitForAppend(stream: AppendStream, timeoutMs: number, signal?: AbortSignal, partition?: number): Promise<void> {
    await this.#watch.wait(stream, timeoutMs, signal, partition);
  }

  async partitionsNow(): Promise<{ readonly topic: string; readonly partitions: number }> {
    const topics = Object.values(await this.#findTopics('counting partitions'));
    const { name: topic, partitions } = topics.reduce((most, one) => (one.partitions > most.partitions ? one : most));
    return { topic, partitions };
  }

  async retentionMs(stream: AppendStream): Promise<number | null> {
    return this.#options.retentionOf(this.#options.topics[stream].name);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#committing;
    await Promise.all([this.#watch.close(), this.#groups.flush()]);
    const { reading, writing } = this.#options.connections;
    await Promise.all([reading, ...writing].map((connection) => connection.close()));
  }

  /** Writes the manifest of a log that was just made, or checks the one that is there. Called once, before anything else. */
  async checkManifest(isMaking: boolean): Promise<void> {
    const { topics } = this.#options;
    const manifest = await this.#keyedPartition('positions', MANIFEST_PARTITION).get(MANIFEST_KEY);
    if (manifest !== null) return checkManifest(manifest, topics);
    if (!isMaking)
      throw new LogError('log_unreachable', `the topics ${topics.access.name} and others are there, but no log was made of them`);
    for (let partition = 0; partition < this.partitions; partition++) {
      if ((await this.last('results', partition)) === null) continue;
      throw new LogError(
        'log_corrupt',
        `${topics.positions.name} holds no manifest, though ${topics.results.name} has blocks; delete all topics of the log to begin another one`,
      );
    }
    await this.#commitChunks([keyedChunk(topics.positions.name, MANIFEST_PARTITION, MANIFEST_KEY, encodeManifest(topics))]);
    // Waits until it can be seen, by other processes too. Who made the log at the same time wrote the same.
    await this.checkManifest(false);
  }

  async #findTopics(what: string): Promise<Topics> {
    const { connections, prefix } = this.#options;
    return findTopics(connections.reading, prefix).catch((error: unknown) => {
      throw asLogError(error, what);
    });
  }

  /** A topic that was made anew since this log was opened would be written to by its name. @throws LogError log_corrupt */
  async #checkTopicIds(what: string): Promise<void> {
    const { topics, clock } = this.#options;
    const askedMs = clock.monotonicMs();
    const now = await this.#findTopics(what);
    const other = STREAMS.find((stream) => now[stream].id !== topics[stream].id);
    if (other !== undefined)
      throw new LogError('log_corrupt', `topic ${topics[other].name} was made anew while the log was open; restart`);
    this.#topicIdsCheckedMs = askedMs;
  }

  async #commitChunks(chunks: readonly Chunk[]): Promise<readonly number[]> {
    if (this.#waitingCommits >= COMMITS_WAITING_MAX)
      throw new LogError('log_busy', `${COMMITS_WAITING_MAX} commits are waiting for Kafka; try again`);
    this.#waitingCommits++;
    const outageBefore = this.#outage;
    const result = this.#committing.then(() => {
      // Who waited while somebody else found Kafka away need not find that out again, one after the other.
      if (this.#outage !== null && this.#outage !== outageBefore) throw this.#outage;
      return this.#commitNow(chunks);
    });
    this.#committing = result.then(
      () => this.#waitingCommits--,
      (error: unknown) => {
        this.#waitingCommits--;
        if (error instanceof LogError && error.code === 'log_unreachable') this.#outage = error;
      },
    );
    return result;
  }

  async #commitNow(chunks: readonly Chunk[]): Promise<readonly number[]> {
    // Twice: the broker forgets a transactional id that was idle for a week, and gives a transaction up that takes too long.
    for (let attempt = 1; attempt <= 2; attempt++) {
      if (!this.#committer.isUsable) await this.#committer.take();
      const outcome = await this.#committer.transact(chunks);
      if (outcome.status !== 'ended') continue;
      // Before anybody is told that it was taken: a topic that was made anew takes records under its name, and nobody will read them.
      if (this.#options.clock.monotonicMs() - this.#topicIdsCheckedMs > TOPIC_IDS_AGE_MS_MAX)
        await this.#checkTopicIds('looking whether the topics are still the same');
      return outcome.baseOffsets;
    }
    throw new LogError('log_busy', 'Kafka gave a transaction up twice because it took too long; nothing was written, try again');
  }

  #plan(transaction: Transaction): Plan {
    return planTransaction(transaction, {
      partitions: this.partitions,
      topicOf: (stream) => this.#options.topics[stream].name,
      clearAt: ({ consumer, partition, offset }) =>
        consumer === 'scorer' ? this.#reader('access', partition).clear.at(offset) : [],
    });
  }

  async #baseOffsets(
    { appends = [] }: Transaction,
    { firstChunks }: Plan,
    offsets: readonly number[],
  ): Promise<readonly number[]> {
    return Promise.all(
      appends.map(async ({ stream, partition }, i) => {
        const chunk = firstChunks[i] ?? null;
        return chunk === null ? (await this.bounds(stream, partition)).end : offsets[chunk]!;
      }),
    );
  }

  #committed({ appends = [], position }: Transaction): void {
    for (const { stream, partition, values } of appends) if (values.length > 0) this.#watch.appended(stream, partition);
    if (position !== undefined) this.#groups.note(position);
  }

  readonly #ownerLog: OwnerLog = {
    plan: (transaction) => this.#plan(transaction),
    topicOf: (stream) => this.#options.topics[stream].name,
    newestOwner: async (key, partition) => (await this.#keyedPartition('positions', partition).get(key))?.toString() ?? null,
    baseOffsets: (transaction, plan, offsets) => this.#baseOffsets(transaction, plan, offsets),
    committed: (transaction) => this.#committed(transaction),
    released: () => this.#groups.flush(),
  };

  #producer(name: string, partition: number): TransactionalProducer {
    const { prefix, connections } = this.#options;
    const { writing } = connections;
    return new TransactionalProducer({
      connection: writing[partition % writing.length]!,
      transactionalId: `${prefix}.${this.logId}.${name}`,
      floor: this.#floor,
    });
  }

  #fetcher(stream: TopicStream, partition: number): PartitionFetcher {
    checkPartition(partition, this.partitions);
    const { topics, connections } = this.#options;
    return known(this.#fetchers, `${stream} ${partition}`, () => {
      const { name: topic, id: topicId } = topics[stream];
      return new PartitionFetcher({ connection: connections.reading, topic, topicId, partition, floor: this.#floor });
    });
  }

  #reader(stream: AppendStream, partition: number): PartitionReader {
    return known(this.#readers, `${stream} ${partition}`, () => {
      const clear = new ClearStretches(stream === 'access' ? () => this.#clearNote(partition) : undefined);
      return new PartitionReader(this.#fetcher(stream, partition), partition, clear);
    });
  }

  async #clearNote(partition: number): Promise<ClearNote | null> {
    const value = await this.#keyedPartition('positions', partition).get(positionKey('scorer'));
    return value === null ? null : clearNoteSchema.parse(JSON.parse(value.toString()));
  }

  #keyedPartition(stream: KeyedStream | 'positions', partition: number): KeyedPartition {
    return known(this.#keyed, `${stream} ${partition}`, () => new KeyedPartition(this.#fetcher(stream, partition)));
  }
}

function known<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
