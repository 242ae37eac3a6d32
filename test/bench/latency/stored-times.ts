/** When each access was stored: the producer is told where it was appended, and ClickHouse says up to where it has everything. */
import type { RecordMetadata } from 'kafkajs';

interface Place {
  readonly offset: number;
  readonly at: number;
}

export class StoredTimes {
  /** Of the n-th access, monotonic milliseconds; NaN: not known to be stored. */
  readonly atMs: Float64Array;
  /** Accesses that are known to be stored. */
  known = 0;
  hasEnded = false;
  /** Of each partition, those that are not known to be stored yet. Acknowledgements come in any order. */
  readonly #waiting: Place[][];

  constructor(partitions: number, accesses: number) {
    this.atMs = new Float64Array(accesses).fill(Number.NaN);
    this.#waiting = Array.from({ length: partitions }, () => []);
  }

  /** `messages` are the accesses from the `first` on; within a partition they have offsets one after another. */
  appended(first: number, messages: readonly { readonly partition: number }[], places: readonly RecordMetadata[]): void {
    const next = new Map(places.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
    for (const [i, { partition }] of messages.entries()) {
      const offset = next.get(partition)!;
      next.set(partition, offset + 1);
      this.#waiting[partition]!.push({ offset, at: first + i });
    }
  }

  /** At `nowMs` all offsets below these were stored. */
  answered(stored: ReadonlyMap<number, number>, nowMs: number): void {
    for (const [partition, waiting] of this.#waiting.entries()) {
      const next = stored.get(partition) ?? 0;
      const left: Place[] = [];
      for (const place of waiting) {
        if (place.offset >= next) left.push(place);
        else {
          this.atMs[place.at] = nowMs;
          this.known++;
        }
      }
      this.#waiting[partition] = left;
    }
  }

  end(): void {
    this.hasEnded = true;
  }
}
