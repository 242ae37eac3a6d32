/** A load of transactions that goes on after every error, and knows what was acknowledged. */
import { vi } from 'vitest';
import { LogError, type Owner } from '../../../../services/platform/log/event-log.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { values } from './open-test-log.ts';

/** Commits 0, 1, 2 and so on, each to two streams in one transaction, and goes on from what the log says after every error. */
export class CommitCounter {
  readonly #log: KafkaEventLog;
  #owner: Owner | null = null;
  #next = 0;
  acknowledged = 0;
  errors = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(log: KafkaEventLog) {
    this.#log = log;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        this.#owner = null;
        this.errors++;
      }
    }
  }

  async #step(): Promise<void> {
    if (this.#owner === null) {
      const owner = await this.#log.claim('scorer', 0);
      const last = await this.#log.last('results', 0);
      this.#next = last === null ? 0 : Number(last.value.toString()) + 1;
      if (this.#next < this.acknowledged)
        throw new Error(`${this.acknowledged} transactions were acknowledged, the log has ${this.#next}`);
      this.#owner = owner;
    }
    const text = values(String(this.#next));
    const { status } = await this.#owner.commit({
      appends: [
        { stream: 'results', partition: 0, values: text },
        { stream: 'verdicts', partition: 0, values: text },
      ],
      position: { consumer: 'scorer', partition: 0, offset: this.#next, note: '' },
    });
    if (status === 'fenced') throw new Error('nobody else has the partition');
    this.acknowledged = ++this.#next;
  }

  /** Until so many more are acknowledged. */
  async moves(commits: number, timeoutMs: number): Promise<void> {
    const from = this.acknowledged;
    await Promise.race([vi.waitUntil(() => this.acknowledged > from + commits, { timeout: timeoutMs }), this.#running]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
