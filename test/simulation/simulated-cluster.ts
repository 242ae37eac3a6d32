/**
 * What the log's servers hold, in memory: streams whose offsets have gaps, newest values of keys, positions, and who owns which
 * partition. Each method is one moment. Nothing is ever removed from the truth; only the start moves.
 */
import {
  type AppendStream,
  type CommitResult,
  type KeyedStream,
  LogError,
  ORIGIN,
  type Position,
  type ReadLimits,
  type RecordBatch,
  type Transaction,
} from '../../services/platform/log/event-log.ts';
import { MANIFEST_PREFIX } from '../../services/scorer/manifest.ts';

export interface StoredRecord {
  readonly offset: number;
  readonly value: Buffer;
  readonly appendedAtMs: number;
  readonly origin: number;
}

/** Records of one partition of a stream, ascending. */
export interface StoredPartition {
  readonly records: StoredRecord[];
  /** First offset that is still there. */
  start: number;
  /** Offset of whatever comes next, a record or a marker. */
  next: number;
}

interface Watcher {
  readonly stream: AppendStream;
  readonly partition: number | undefined;
  readonly wake: () => void;
}

export interface ClusterOptions {
  readonly logId: string;
  readonly partitions: number;
  readonly nowMs: () => number;
  /** Offsets that the end of a transaction takes in each partition it wrote to: a marker, and what was given up before. */
  readonly gap: () => number;
}

/** Who a commit is from; null for hosts, importers, commands. */
export interface OwnerId {
  readonly role: Position['consumer'];
  readonly partition: number;
  readonly epoch: number;
}

export class SimulatedCluster {
  readonly logId: string;
  readonly partitions: number;
  /** What may never happen and did. */
  readonly violations: string[] = [];
  /** Commits that were answered `fenced`. */
  fenced = 0;
  /** Commits with pages of a checkpoint that was not complete yet. */
  checkpointPieces = 0;
  readonly #options: ClusterOptions;
  readonly #streams = new Map<AppendStream, StoredPartition[]>();
  readonly #keyed = new Map<string, Map<string, Buffer>>();
  readonly #positions = new Map<string, Position>();
  readonly #epochs = new Map<string, number>();
  readonly #watchers = new Set<Watcher>();
  /** By stream, and by stream and partition. */
  readonly #appends = new Map<string, number>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.logId = options.logId;
    this.partitions = options.partitions;
    for (const stream of ['access', 'results', 'verdicts', 'rejects'] as const) {
      this.#streams.set(
        stream,
        Array.from({ length: options.partitions }, () => ({ records: [], start: 0, next: 0 })),
      );
    }
  }

  /** @throws RangeError */
  partition(stream: AppendStream, partition: number): StoredPartition {
    const found = this.#streams.get(stream)?.[partition];
    if (found === undefined) throw new RangeError(`partition ${partition} is not one of the log's ${this.partitions}`);
    return found;
  }

  keyed(stream: KeyedStream, partition: number): Map<string, Buffer> {
    this.partition('access', partition);
    const key = `${stream} ${partition}`;
    const found = this.#keyed.get(key) ?? new Map<string, Buffer>();
    this.#keyed.set(key, found);
    return found;
  }

  position(consumer: Position['consumer'], partition: number): Position | null {
    return this.#positions.get(`${consumer} ${partition}`) ?? null;
  }

  claim(role: Position['consumer'], partition: number): OwnerId {
    this.partition('access', partition);
    const key = `${role} ${partition}`;
    const epoch = (this.#epochs.get(key) ?? 0) + 1;
    this.#epochs.set(key, epoch);
    return { role, partition, epoch };
  }

  isOwner({ role, partition, epoch }: OwnerId): boolean {
    return this.#epochs.get(`${role} ${partition}`) === epoch;
  }

  /** All or nothing. @throws RangeError */
  commit(owner: OwnerId | null, { appends = [], puts = [], position }: Transaction): CommitResult {
    for (const { stream, partition } of appends) this.partition(stream, partition);
    for (const { stream, partition } of puts) this.keyed(stream, partition);
    if (position !== undefined) this.partition('access', position.partition);
    if (owner !== null && !this.isOwner(owner)) {
      this.fenced++;
      return { status: 'fenced' };
    }
    const nowMs = Math.floor(this.#options.nowMs());
    const baseOffsets = appends.map(({ stream, partition, values, origin = ORIGIN.live }) => {
      const stored = this.partition(stream, partition);
      if (values.length === 0) return endOf(stored);
      const first = stored.next;
      const appendedAtMs = Math.max(nowMs, stored.records.at(-1)?.appendedAtMs ?? 0);
      for (const value of values) stored.records.push({ offset: stored.next++, value: Buffer.from(value), appendedAtMs, origin });
      return first;
    });
    const written = new Map(
      appends
        .filter(({ values }) => values.length > 0)
        .map(({ stream, partition }) => [`${stream} ${partition}`, { stream, partition }]),
    );
    for (const { stream, partition } of written.values()) this.partition(stream, partition).next += this.#options.gap();
    for (const { stream, partition, key, value } of puts) {
      if (value === null) this.keyed(stream, partition).delete(key);
      else this.keyed(stream, partition).set(key, Buffer.from(value));
    }
    if (owner !== null && puts.length > 0 && !puts.some(({ key }) => key.startsWith(MANIFEST_PREFIX))) this.checkpointPieces++;
    if (position !== undefined) this.#move(position);
    for (const { stream, partition } of written.values()) this.#wake(stream, partition);
    return { status: 'committed', baseOffsets };
  }

  #move(position: Position): void {
    const key = `${position.consumer} ${position.partition}`;
    const before = this.#positions.get(key)?.offset ?? 0;
    if (position.offset < before) this.violations.push(`the position of ${key} went back from ${before} to ${position.offset}`);
    this.#positions.set(key, position);
  }

  /** Appends so far to a stream, or to one partition of it. */
  appends(stream: AppendStream, partition?: number): number {
    return this.#appends.get(`${stream} ${partition ?? 'any'}`) ?? 0;
  }

  watch(stream: AppendStream, partition: number | undefined, wake: () => void): () => void {
    const watcher: Watcher = { stream, partition, wake };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #wake(stream: AppendStream, partition: number): void {
    this.#appends.set(`${stream} any`, this.appends(stream) + 1);
    this.#appends.set(`${stream} ${partition}`, this.appends(stream, partition) + 1);
    for (const watcher of this.#watchers)
      if (watcher.stream === stream && (watcher.partition ?? partition) === partition) watcher.wake();
  }

  /** Records from `offset` on and below `visible`. @throws LogError log_offset_out_of_range */
  read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits, visible = Infinity): RecordBatch {
    const stored = this.partition(stream, partition);
    if (offset < stored.start || offset > stored.next)
      throw new LogError(
        'log_offset_out_of_range',
        `${stream}/${partition} holds ${stored.start} to ${stored.next}, not ${offset}`,
      );
    const from = firstAt(stored.records, offset);
    let to = from;
    let bytes = 0;
    for (; to < stored.records.length && to - from < limits.maxRecords; to++) {
      const record = stored.records[to]!;
      if (record.offset >= visible || (to > from && bytes + record.value.length > limits.maxBytes)) break;
      bytes += record.value.length;
    }
    return batchOf(partition, stored.records.slice(from, to), offset);
  }
}

/** Behind the last record; the start when there is none. */
export function endOf({ records, start }: StoredPartition): number {
  return Math.max(start, (records.at(-1)?.offset ?? -1) + 1);
}

/** Place of the first record at or behind an offset. */
export function firstAt(records: readonly StoredRecord[], offset: number): number {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (records[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function batchOf(partition: number, records: readonly StoredRecord[], askedOffset: number): RecordBatch {
  const starts = new Uint32Array(records.length + 1);
  records.forEach(({ value }, i) => {
    starts[i + 1] = starts[i]! + value.length;
  });
  return {
    partition,
    count: records.length,
    bytes: Buffer.concat(records.map(({ value }) => value)),
    starts,
    offsets: Float64Array.from(records, ({ offset }) => offset),
    appendedAtMs: Float64Array.from(records, ({ appendedAtMs }) => appendedAtMs),
    origins: Uint8Array.from(records, ({ origin }) => origin),
    nextOffset: records.length === 0 ? askedOffset : records.at(-1)!.offset + 1,
  };
}
