/**
 * Taking a partition and writing as its owner. Only the transactional id fences: one for each role and partition.
 * 1. InitProducerId: whoever had the partition is fenced, and what it left open is decided.
 * 2. A transaction that is given up, with a record for each topic that the position is found in: their leaders have to take part, so
 *    that a leader that was deposed and does not know it cannot answer with an older end afterwards (visible-floor.ts).
 * 3. A transaction that writes who the owner is. A broker says the same thing, "fenced", to whom somebody else took the
 *    partition from and to whom it took too long over a transaction; this record tells the two apart.
 * Only then may the position be read.
 */
import { randomUUID } from 'node:crypto';
import { type CommitResult, LogError, ORIGIN, type Owner, type Position, type Transaction } from '../event-log.ts';
import { keyedChunk, type Plan } from './transaction-plan.ts';
import type { Chunk, TransactionalProducer } from './transactional-producer.ts';

export interface OwnerLog {
  readonly plan: (transaction: Transaction) => Plan;
  readonly topicOf: (stream: 'results' | 'checkpoints' | 'positions') => string;
  readonly newestOwner: (key: string, partition: number) => Promise<string | null>;
  readonly baseOffsets: (transaction: Transaction, plan: Plan, offsets: readonly number[]) => Promise<readonly number[]>;
  readonly committed: (transaction: Transaction) => void;
  readonly released: () => Promise<void>;
}

interface KafkaOwnerOptions {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly producer: TransactionalProducer;
  readonly log: OwnerLog;
}

export class KafkaOwner implements Owner {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly #producer: TransactionalProducer;
  readonly #log: OwnerLog;
  readonly #token = randomUUID();
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor({ role, partition, producer, log }: KafkaOwnerOptions) {
    this.role = role;
    this.partition = partition;
    this.#producer = producer;
    this.#log = log;
  }

  /** @throws LogError log_busy when another claim came between */
  async claim(): Promise<this> {
    await this.#producer.take();
    await this.#write(this.#fenceChunks(), 'abort');
    await this.#write(
      [keyedChunk(this.#log.topicOf('positions'), this.partition, this.#key, Buffer.from(this.#token))],
      'commit',
    );
    return this;
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    const result = this.#running.then(() => this.#commit(transaction));
    this.#running = result.catch(() => {});
    return result;
  }

  async #commit(transaction: Transaction): Promise<CommitResult> {
    const plan = this.#log.plan(transaction);
    if (this.#isOver) return { status: 'fenced' };
    const outcome =
      plan.chunks.length === 0 ? { status: 'ended' as const, baseOffsets: [] } : await this.#producer.transact(plan.chunks);
    if (outcome.status === 'fenced') {
      if ((await this.#log.newestOwner(this.#key, this.partition)) === this.#token) {
        throw new LogError(
          'log_unreachable',
          `a transaction for partition ${this.partition} took so long that Kafka gave it up; claim it again`,
        );
      }
      this.#isOver = true;
      return { status: 'fenced' };
    }
    this.#log.committed(transaction);
    return { status: 'committed', baseOffsets: await this.#log.baseOffsets(transaction, plan, outcome.baseOffsets) };
  }

  async release(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.#log.released();
  }

  get #key(): string {
    return `owner/${this.role}`;
  }

  /** Invisible: their transaction is given up. */
  #fenceChunks(): Chunk[] {
    const { topicOf } = this.#log;
    const chunks = [keyedChunk(topicOf('positions'), this.partition, this.#key, Buffer.alloc(0))];
    if (this.role === 'writer') return chunks;
    chunks.push({
      topic: topicOf('results'),
      partition: this.partition,
      values: [Buffer.alloc(0)],
      keys: null,
      origin: ORIGIN.live,
    });
    chunks.push(keyedChunk(topicOf('checkpoints'), this.partition, this.#key, Buffer.alloc(0)));
    return chunks;
  }

  async #write(chunks: readonly Chunk[], end: 'commit' | 'abort'): Promise<void> {
    const { status } = await this.#producer.transact(chunks, end);
    if (status === 'fenced')
      throw new LogError('log_busy', `partition ${this.partition} is being claimed by two at once; try again`);
  }
}
