/** Logs for one test file: each in topics of its own, all closed at the end. */
import { systemClock } from '../../../../services/platform/clock.ts';
import type { AppendStream, EventLog } from '../../../../services/platform/log/event-log.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { type OpenKafkaLogOptions, openKafkaLog } from '../../../../services/platform/log/kafka/open-kafka-log.ts';
import type { SharedBroker } from '../../../kafka/shared-broker.ts';

export const PLENTY = { maxRecords: 100_000, maxBytes: 64 * 1024 * 1024 };

export class TestLogs {
  readonly #opened: KafkaEventLog[] = [];
  readonly #broker: () => SharedBroker;
  #count = 0;

  constructor(broker: () => SharedBroker) {
    this.#broker = broker;
  }

  /** A prefix that no other test has, in this file or in one that runs beside it. */
  newPrefix(): string {
    return `test-${process.pid}-${this.#count++}`;
  }

  async open(topicPrefix: string, options: Partial<OpenKafkaLogOptions> = {}): Promise<KafkaEventLog> {
    const common = {
      brokers: [this.#broker().address],
      clientId: 'test',
      clock: systemClock,
      partitions: 2,
      replication: 1,
      create: true,
    };
    const log = await openKafkaLog({ ...common, topicPrefix, ...options });
    this.#opened.push(log);
    return log;
  }

  async closeAll(): Promise<void> {
    for (const log of this.#opened.splice(0)) await log.close();
  }
}

/** All committed records of a partition, from its start or from `from` on. */
export async function textsOf(log: EventLog, stream: AppendStream, partition = 0, from?: number): Promise<string[]> {
  const { start, end } = await log.bounds(stream, partition);
  const texts: string[] = [];
  for (let next = from ?? start; next < end; ) {
    const batch = await log.read(stream, partition, next, PLENTY);
    if (batch.count === 0) break;
    for (let i = 0; i < batch.count; i++) texts.push(batch.bytes.toString('latin1', batch.starts[i], batch.starts[i + 1]));
    next = batch.nextOffset;
  }
  return texts;
}

export const values = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));

/** A transaction of one block. */
export const block = (text: string, offset = 0) => ({
  appends: [{ stream: 'results' as const, partition: 0, values: values(text) }],
  position: { consumer: 'scorer' as const, partition: 0, offset, note: '' },
});
