/**
 * What this connection appended last, as it was before it was compressed. Scorer, writer and aggregator of the same process read it within a moment, and
 * need neither ask SQLite for it nor unpack it. Only what is committed is here; what is not here is in the file.
 */
import type { AppendStream } from '../event-log.ts';
import type { DecodedSegment } from '../segment.ts';

/** Where a segment lies, and what came with it. */
export interface SegmentPlace {
  /** Offset of its first record. */
  readonly base: number;
  readonly count: number;
  /** Sum of the records' bytes. */
  readonly valueBytes: number;
  readonly appendedAtMs: number;
  readonly origin: number;
}

export interface RecentSegment extends SegmentPlace {
  readonly stream: AppendStream;
  readonly partition: number;
  readonly segment: DecodedSegment;
}

export interface RecentLimits {
  /** Of records, as they are in memory. */
  readonly bytesMax: number;
  /** A segment of one record takes as much again. */
  readonly segmentsMax: number;
}

export class RecentSegments {
  readonly #limits: RecentLimits;
  /** Of each stream and partition, by offset. Others may have appended in between. */
  readonly #kept = new Map<string, RecentSegment[]>();
  /** All of them, oldest first. */
  readonly #order: RecentSegment[] = [];
  #bytes = 0;

  constructor(limits: RecentLimits) {
    this.#limits = limits;
  }

  /** Committed, behind all that was added of its stream and partition before. */
  add(recent: RecentSegment): void {
    const { bytesMax, segmentsMax } = this.#limits;
    const key = keyOf(recent.stream, recent.partition);
    const kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, [recent]);
    else kept.push(recent);
    this.#order.push(recent);
    this.#bytes += recent.segment.bytes.length;
    while (this.#bytes > bytesMax || this.#order.length > segmentsMax) this.#dropOldest();
  }

  /** The segment that holds an offset and those behind it, as far as none is missing; none when the first is not here. */
  *from(stream: AppendStream, partition: number, offset: number): Generator<RecentSegment> {
    const kept = this.#kept.get(keyOf(stream, partition)) ?? [];
    let next = offset;
    for (let i = kept.findLastIndex(({ base }) => base <= offset); i >= 0 && i < kept.length; i++) {
      const recent = kept[i]!;
      if (recent.base > next || next >= recent.base + recent.count) return;
      yield recent;
      next = recent.base + recent.count;
    }
  }

  /** Retention has deleted some of them. */
  forget(stream: AppendStream, partition: number): void {
    const key = keyOf(stream, partition);
    const gone = this.#kept.get(key) ?? [];
    this.#kept.delete(key);
    for (const recent of gone) {
      this.#order.splice(this.#order.indexOf(recent), 1);
      this.#bytes -= recent.segment.bytes.length;
    }
  }

  #dropOldest(): void {
    const oldest = this.#order.shift()!;
    this.#kept.get(keyOf(oldest.stream, oldest.partition))!.shift();
    this.#bytes -= oldest.segment.bytes.length;
  }
}

function keyOf(stream: AppendStream, partition: number): string {
  return `${stream} ${partition}`;
}
