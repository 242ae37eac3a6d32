/** Records of a topic whose transaction has not ended for readers: under way, or decided and its markers not written yet. */
import { systemClock } from '../../../services/platform/clock.ts';
import { KafkaConnection } from '../../../services/platform/log/kafka/connection.ts';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const LATEST = -1;
/** A broker that comes back says for seconds that it does not lead. */
const TRYING_MS = 60_000;

export class Undecided {
  readonly #topic: string;
  readonly #partitions: readonly number[];
  readonly #connection: KafkaConnection;

  constructor({
    address,
    topic,
    partitions,
  }: { readonly address: string; readonly topic: string; readonly partitions: readonly number[] }) {
    this.#topic = topic;
    this.#partitions = partitions;
    this.#connection = new KafkaConnection({
      access: { brokers: [address], clientId: 'test' },
      topics: [topic],
      clock: systemClock,
      tryingMs: TRYING_MS,
    });
  }

  /** Each partition that has some, and where they begin: `partition offset`. */
  async now(): Promise<ReadonlySet<string>> {
    const open = new Set<string>();
    for (const partition of this.#partitions) {
      const stable = await this.#end(partition, READ_COMMITTED);
      if ((await this.#end(partition, READ_UNCOMMITTED)) > stable) open.add(`${partition} ${stable}`);
    }
    return open;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #end(partition: number, isolationLevel: number): Promise<number> {
    return this.#connection.trying(async () => {
      const broker = await this.#connection.leader(this.#topic, partition);
      const topics = [{ topic: this.#topic, partitions: [{ partition, timestamp: LATEST }] }];
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
      return Number(responses[0]!.partitions[0]!.offset);
    });
  }
}
