/** What whoever was just killed was doing, as far as the log shows it. */
import { setTimeout as pause } from 'node:timers/promises';
import { decodeWriterNote } from '../../../services/platform/log/writer-note.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { KafkaConnection } from '../../../services/platform/log/kafka/connection.ts';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import type { TestBroker } from '../../kafka/broker.ts';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const LATEST = -1;
const ANSWER_MS_MAX = 3_000;
const AWAY = 'while Kafka was away';

export class LogWatch {
  readonly #log: KafkaEventLog;
  readonly #resultsTopic: string;
  readonly #connection: KafkaConnection;

  constructor(log: KafkaEventLog, broker: TestBroker, resultsTopic: string) {
    this.#log = log;
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
    const open = new Set<string>();
    for (let partition = 0; partition < this.#log.partitions; partition++) {
      const stable = await this.#end(partition, READ_COMMITTED);
      if ((await this.#end(partition, READ_UNCOMMITTED)) > stable) open.add(`${partition} ${stable}`);
    }
    return open;
  }

  async #end(partition: number, isolationLevel: number): Promise<number> {
    const topic = this.#resultsTopic;
    return this.#connection.trying(async () => {
      const broker = await this.#connection.leader(topic, partition);
      const topics = [{ topic, partitions: [{ partition, timestamp: LATEST }] }];
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
      return Number(responses[0]!.partitions[0]!.offset);
    });
  }
}

async function inTime(ask: () => Promise<string>): Promise<string> {
  const late = pause(ANSWER_MS_MAX, AWAY);
  return Promise.race([ask().catch(() => AWAY), late]);
}
