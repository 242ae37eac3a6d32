/** What whoever was just killed was doing, as far as the log shows it. */
import { setTimeout as pause } from 'node:timers/promises';
import { decodeWriterNote } from '../../../services/platform/log/writer-note.ts';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import type { TestBroker } from '../../kafka/broker.ts';
import { Undecided } from './undecided.ts';

const ANSWER_MS_MAX = 3_000;
const AWAY = 'while Kafka was away';

export class LogWatch {
  readonly #log: KafkaEventLog;
  readonly #results: Undecided;

  constructor(log: KafkaEventLog, { address }: TestBroker, resultsTopic: string) {
    this.#log = log;
    this.#results = new Undecided({ address, topic: resultsTopic, partitions: [...Array(log.partitions).keys()] });
  }

  async close(): Promise<void> {
    await this.#results.close();
  }

  /** A transaction that the others do not end stays open. */
  async scoring(): Promise<string> {
    return inTime(async () => {
      const before = await this.#results.now();
      await pause(60);
      const after = await this.#results.now();
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
}

async function inTime(ask: () => Promise<string>): Promise<string> {
  const late = pause(ANSWER_MS_MAX, AWAY);
  return Promise.race([ask().catch(() => AWAY), late]);
}
