/** What whoever was just killed was doing, as far as the log shows it. */
import { setTimeout as pause } from 'node:timers/promises';
import { decodeWriterNote } from '../../../services/platform/log/writer-note.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { KafkaConnection } from '../../../services/platform/log/kafka/connection.ts';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import { PartitionFetcher } from '../../../services/platform/log/kafka/partition-fetcher.ts';
import { VisibleFloor } from '../../../services/platform/log/kafka/visible-floor.ts';
import type { TestBroker } from '../../kafka/broker.ts';
import { administrate } from '../../kafka/topics.ts';

const ANSWER_MS_MAX = 3_000;
const AWAY = 'while Kafka was away';

export class LogWatch {
  readonly #log: KafkaEventLog;
  readonly #broker: TestBroker;
  readonly #resultsTopic: string;
  readonly #connection: KafkaConnection;

  constructor(log: KafkaEventLog, broker: TestBroker, resultsTopic: string) {
    this.#log = log;
    this.#broker = broker;
    this.#resultsTopic = resultsTopic;
    this.#connection = new KafkaConnection({
      access: { brokers: [broker.address], clientId: 'test' },
      topics: [resultsTopic],
      clock: systemClock,
      tryingMs: 500,
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** A transaction that the others do not end stays open. */
  async scoring(): Promise<string> {
    return inTime(async () => {
      const before = await this.#open();
      await pause(60);
      const after = await this.#open();
      return before.intersection(after).size > 0 ? 'inside a transaction' : 'between transactions';
    });
  }

  async writing(): Promise<string> {
    return inTime(async () => {
      for (let partition = 0; partition < this.#log.partitions; partition++) {
        const position = await this.#log.position('writer', partition);
        if (position !== null && decodeWriterNote(position.note).to !== undefined) return 'between intent and position';
      }
      return 'between groups';
    });
  }

  /** Partitions of the results that have records which are not decided, by where those begin. */
  async #open(): Promise<ReadonlySet<string>> {
    return administrate(this.#broker, async (admin) => {
      const ends = await admin.fetchTopicOffsets(this.#resultsTopic);
      const open = new Set<string>();
      for (const { partition, high } of ends) {
        const { stable } = await this.#fetcher(partition).ends();
        if (Number(high) > stable) open.add(`${partition} ${stable}`);
      }
      return open;
    });
  }

  #fetcher(partition: number): PartitionFetcher {
    const [connection, topic] = [this.#connection, this.#resultsTopic];
    return new PartitionFetcher({ connection, topic, topicId: '', partition, floor: new VisibleFloor() });
  }
}

async function inTime(ask: () => Promise<string>): Promise<string> {
  const late = pause(ANSWER_MS_MAX, AWAY);
  return Promise.race([ask().catch(() => AWAY), late]);
}
