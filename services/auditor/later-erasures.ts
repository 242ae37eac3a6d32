/**
 * Users who have rows erased while an audit goes on: of what it looks at, by blocks behind. What is gone for them is not missing, and must not be
 * put back.
 */
import { blocksOf } from '../domain/results/block.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { readBatches } from '../platform/log/read-batches.ts';

const READ = { maxRecords: 16, maxBytes: 16 * 1024 * 1024 };

export class LaterErasures {
  readonly #log: EventLog;
  readonly #partition: number;
  /** Offset in `ntk.results` up to which blocks were read. */
  #next: number;
  readonly #below = new Map<string, number>();

  /** @param from offset in `ntk.results`: blocks before it were stored when the audit began */
  constructor(log: EventLog, partition: number, from: number) {
    this.#log = log;
    this.#partition = partition;
    this.#next = from;
  }

  /** By stored user, as of now: rows before this offset are erased, or about to be. */
  async below(): Promise<ReadonlyMap<string, number>> {
    const { start } = await this.#log.bounds('results', this.#partition);
    this.#next = Math.max(this.#next, start);
    for await (const batch of readBatches(this.#log, 'results', this.#partition, READ, this.#next)) {
      for (const { header } of blocksOf(batch))
        for (const { user, offset } of header.erasures) this.#below.set(user, Math.max(offset, this.#below.get(user) ?? 0));
      this.#next = batch.nextOffset;
    }
    return this.#below;
  }
}
