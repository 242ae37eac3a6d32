/** How long a host that writes to Kafka waits for a verdict: from before it sends until the verdict can be read. */
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { Stage } from './stage.ts';

const VERDICT_MS_MAX = 60_000;
const READ = { maxRecords: 10_000, maxBytes: 16 * 1024 * 1024 };

export class Probe {
  readonly #stage: Stage;
  readonly #partition: number;
  readonly #never = new AbortController();
  #producer: Producer | null = null;
  #next: number | null = null;

  constructor(stage: Stage, partition = 0) {
    this.#stage = stage;
    this.#partition = partition;
  }

  /** Milliseconds of each of `count` accesses, one after the other. */
  async run(count: number): Promise<number[]> {
    const latencies: number[] = [];
    for (let i = 0; i < count; i++) latencies.push(await this.once());
    return latencies;
  }

  async once(): Promise<number> {
    const { log, deployment, acknowledged } = this.#stage;
    this.#producer ??= await connected(deployment.address);
    this.#next ??= (await log.bounds('verdicts', this.#partition)).end;
    const [text] = this.#stage.accesses(1, this.#partition) as [string];
    const { id, subject } = JSON.parse(text) as { id: string; subject: string };
    const startedMs = performance.now();
    const topic = `${deployment.prefix}.access.v1`;
    const [sent] = await Promise.all([
      this.#producer.send({ topic, acks: -1, messages: [{ key: subject, value: text, partition: this.#partition }] }),
      this.#told(id, startedMs),
    ]);
    if (sent.length > 0) acknowledged.add(Buffer.from(text), log.partitions);
    return performance.now() - startedMs;
  }

  async #told(id: string, startedMs: number): Promise<void> {
    const { log } = this.#stage;
    while (performance.now() - startedMs < VERDICT_MS_MAX) {
      const { bytes, starts, count, nextOffset } = await log.read('verdicts', this.#partition, this.#next!, READ);
      this.#next = nextOffset;
      if (bytes.toString('latin1', starts[0], starts[count]).includes(`"eventId":"${id}"`)) return;
      if (count === 0) await log.waitForAppend('verdicts', 250, this.#never.signal, this.#partition);
    }
    throw new Error(`no verdict on ${id} within ${VERDICT_MS_MAX} ms`);
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect();
  }
}

async function connected(address: string): Promise<Producer> {
  const producer = new Kafka({ brokers: [address], clientId: 'probe', logLevel: logLevel.NOTHING }).producer({
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  return producer;
}

/** Rounded to a tenth. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]! * 10) / 10;
}
