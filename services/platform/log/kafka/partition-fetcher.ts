/** Committed batches of one partition from an offset on: what Fetch answers, less what was given up and the markers. */
import { LogError, type Undecided } from '../event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { asLogError, CODE, KafkaCodeError, NotVisibleYet } from './kafka-error.ts';
import { isAbortMarker, type RawBatch, splitBatches } from './record-batch.ts';
import { type FetchedPartition, fetchRecords } from './requests.ts';
import type { VisibleFloor } from './visible-floor.ts';
import { malformed } from './wire.ts';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const LATEST = -1;
const EARLIEST = -2;
const NO_REPLICA = -1;

interface PartitionFetcherOptions {
  readonly connection: Pick<KafkaConnection, 'leader' | 'trying'>;
  readonly topic: string;
  /** Asked for by id: a topic that was made anew under the same name is another one. */
  readonly topicId: string;
  readonly partition: number;
  readonly floor: VisibleFloor;
}

export interface FetchedBatches {
  /** Of committed records, in order. Records of the first may lie before the asked offset. */
  readonly batches: readonly RawBatch[];
  /** Where to go on: behind all that was looked at, markers and given up records too, or behind what compaction has removed. */
  readonly nextOffset: number;
  /** Behind the last batch or marker that was looked at; the asked offset where there was none. What lies before it is decided for good. */
  readonly seenTo: number;
  /**
   * Nothing is decided from here on. Brokers may say one offset too many while a transaction begins there, since they look for open
   * transactions first and for the end then: so an offset below it where nothing was found need not be empty.
   */
  readonly stableOffset: number;
}

export class PartitionFetcher {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly #connection: PartitionFetcherOptions['connection'];
  readonly #floors: VisibleFloor;

  constructor({ connection, topic, topicId, partition, floor }: PartitionFetcherOptions) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.#connection = connection;
    this.#floors = floor;
  }

  /** @throws LogError log_offset_out_of_range below the start and beyond the end: kafkajs's consumer would go elsewhere silently */
  async fetch(offset: number, maxBytes: number): Promise<FetchedBatches> {
    const { topic, topicId, partition } = this;
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new LogError('log_offset_out_of_range', `${topic} ${partition} has no offset ${offset}`);
    }
    let wasEmpty = false;
    try {
      return await this.#connection.trying(async () => {
        const broker = await this.#connection.leader(topic, partition);
        const request = fetchRecords({ partitions: [{ topicId, partition, offset }], maxBytes, maxWaitMs: 0 });
        const { throttleMs, errorCode, partitions } = await broker.connectionPool.send(request);
        const fetched = partitions[0];
        if (errorCode !== 0 || fetched === undefined)
          throw new KafkaCodeError(errorCode || CODE.leaderNotAvailable, `${topic} cannot be read`);
        if (fetched.errorCode !== 0)
          throw new KafkaCodeError(fetched.errorCode, `${topic} ${partition} cannot be read from ${offset}`);
        const isEmpty = fetched.records.length === 0 && offset < fetched.stableOffset;
        // A broker that throttles answers with nothing; a leader that does not know what was committed is not asked twice at once. And that
        // nothing is where something should be is believed when it is said twice: a transaction may just begin there.
        const isDoubtful = isEmpty && (throttleMs > 0 || !wasEmpty);
        wasEmpty = isEmpty;
        if (isDoubtful || fetched.stableOffset < this.#floor()) throw new NotVisibleYet();
        return committedOf(fetched, offset);
      });
    } catch (error) {
      throw asLogError(error, `reading ${topic} ${partition} from offset ${offset}`);
    }
  }

  /**
   * What lies from one offset on up to before another, in pieces. Ends sooner where that end was one too far, as a broker may say it: a
   * transaction has begun there since. @throws LogError
   */
  async *between(from: number, to: number, maxBytes: number): AsyncGenerator<FetchedBatches> {
    for (let next = from; next < to; ) {
      const fetched = await this.fetch(next, maxBytes);
      yield fetched;
      if (fetched.nextOffset <= next) return;
      next = fetched.nextOffset;
    }
  }

  /** The first offset that is still there, and the one from which on nothing is decided. */
  async ends(): Promise<{ start: number; stable: number }> {
    const { topic, partition } = this;
    try {
      return await this.#connection.trying(async () => {
        const [stable, start] = await Promise.all([this.#listOffset(LATEST), this.#listOffset(EARLIEST)]);
        if (stable < this.#floor()) throw new NotVisibleYet();
        return { start, stable };
      });
    } catch (error) {
      throw asLogError(error, `asking for the ends of ${topic} ${partition}`);
    }
  }

  /** @throws LogError */
  async undecided(): Promise<Undecided> {
    const { topic, topicId, partition } = this;
    try {
      return await this.#connection.trying(async () => {
        // In this order: what is stored meanwhile must not count.
        const end = await this.#listOffset(LATEST, READ_UNCOMMITTED);
        const stable = await this.#listOffset(LATEST);
        if (end <= stable) return { from: stable, to: stable, sinceMs: 0 };
        const broker = await this.#connection.leader(topic, partition);
        const first = { partitions: [{ topicId, partition, offset: stable }], maxBytes: 1, maxWaitMs: 0, isCommitted: false };
        const { partitions } = await broker.connectionPool.send(fetchRecords(first));
        const [batch] = splitBatches(partitions[0]?.records ?? Buffer.alloc(0));
        if (batch === undefined) throw new NotVisibleYet();
        return { from: stable, to: end, sinceMs: batch.maxTimeMs };
      });
    } catch (error) {
      throw asLogError(error, `asking what is undecided in ${topic} ${partition}`);
    }
  }

  async #listOffset(timestamp: number, isolationLevel = READ_COMMITTED): Promise<number> {
    const { topic, partition } = this;
    const broker = await this.#connection.leader(topic, partition);
    const { responses } = await broker.listOffsets({
      replicaId: NO_REPLICA,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition, timestamp }] }],
    });
    const offset = Number(responses[0]?.partitions[0]?.offset);
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new KafkaCodeError(CODE.offsetNotAvailable, `${topic} ${partition} says no offset`);
    return offset;
  }

  #floor(): number {
    return this.#floors.of(this.topic, this.partition);
  }
}

/** As Kafka's own consumer does it: a producer's batches are left out from the first offset that was given up to its marker. */
function committedOf({ records, aborted, stableOffset }: FetchedPartition, offset: number): FetchedBatches {
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const givenUp = new Set<bigint>();
  const batches: RawBatch[] = [];
  let seenTo = offset;
  let opened = 0;
  for (const batch of splitBatches(records)) {
    seenTo = batch.lastOffset + 1;
    for (; opened < waiting.length && waiting[opened]!.firstOffset <= batch.lastOffset; opened++)
      givenUp.add(waiting[opened]!.producerId);
    if (batch.isControl) {
      if (isAbortMarker(batch)) givenUp.delete(batch.producerId);
    } else if (batch.count > 0 && !(batch.isTransactional && givenUp.has(batch.producerId)) && batch.lastOffset >= offset) {
      batches.push(batch);
    }
  }
  if (records.length > 0 && seenTo === offset) throw malformed('a part of a batch and nothing else');
  // Compaction may have removed the rest up to the stable offset.
  const nextOffset = records.length === 0 ? Math.max(offset, stableOffset) : seenTo;
  return { batches, nextOffset, seenTo, stableOffset };
}
