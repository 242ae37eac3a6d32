/**
 * A client of the simulated log, one for each process. Who claims a partition sees from then on all that was committed before; a
 * reader that does not may be behind, but never sees less than it saw before.
 */
import {
  type AppendStream,
  type CommitResult,
  type EventLog,
  type KeyedStream,
  LogError,
  type Owner,
  type Position,
  type ReadLimits,
  type RecordBatch,
  type ShownOffset,
  type Transaction,
  type Undecided,
} from '../../services/platform/log/event-log.ts';
import { endOf, firstAt, type OwnerId, type SimulatedCluster } from './simulated-cluster.ts';
import type { Network, Operation } from './simulated-process.ts';

const STREAMS = ['access', 'results', 'verdicts', 'rejects'] as const;

const unreachable = (): LogError => new LogError('log_unreachable', 'simulated: no answer');
const operation = (kind: Operation['kind'], what: string): Operation => ({ kind, what, failure: unreachable });

export class SimulatedEventLog implements EventLog {
  readonly logId: string;
  readonly partitions: number;
  readonly #cluster: SimulatedCluster;
  readonly #network: Network;
  /** Owners that this client took, the newest of each role and partition. */
  readonly #owners = new Map<string, OwnerId>();
  /** Below this everything committed is seen, by stream and partition. */
  readonly #floors = new Map<string, number>();
  readonly #told = new WeakMap<object, Map<string, number>>();

  constructor(cluster: SimulatedCluster, network: Network) {
    this.#cluster = cluster;
    this.#network = network;
    this.logId = cluster.logId;
    this.partitions = cluster.partitions;
  }

  /** Whether nobody has taken from this client what it took. */
  ownsAll(): boolean {
    return [...this.#owners.values()].every((owner) => this.#cluster.isOwner(owner));
  }

  async commit(transaction: Omit<Transaction, 'position'>): Promise<{ readonly baseOffsets: readonly number[] }> {
    const result = await this.#network.call(operation('commit', `commit ${describe(transaction)}`), () =>
      this.#commit(null, transaction),
    );
    if (result.status === 'fenced') throw new Error('who owns nothing cannot be fenced');
    return result;
  }

  #commit(owner: OwnerId | null, transaction: Transaction): CommitResult {
    const result = this.#cluster.commit(owner, transaction);
    if (result.status === 'committed')
      for (const { stream, partition } of transaction.appends ?? []) this.#sees(stream, partition);
    return result;
  }

  async claim(role: Position['consumer'], partition: number): Promise<Owner> {
    const id = await this.#network.call(operation('claim', `claim ${role} ${partition}`), () => {
      const claimed = this.#cluster.claim(role, partition);
      for (const stream of STREAMS) this.#sees(stream, partition);
      return claimed;
    });
    this.#owners.set(`${role} ${partition}`, id);
    let isOver = false;
    return {
      role,
      partition,
      commit: async (transaction) => {
        if (isOver) return { status: 'fenced' };
        const what = `commit ${role} ${partition} ${describe(transaction)}`;
        return this.#network.call(operation('commit', what), () => this.#commit(id, transaction));
      },
      release: async () => {
        isOver = true;
      },
    };
  }

  #sees(stream: AppendStream, partition: number): void {
    this.#floors.set(`${stream} ${partition}`, endOf(this.#cluster.partition(stream, partition)));
  }

  /** Offset below which this reader sees everything now. */
  #visible(stream: AppendStream, partition: number): number {
    const { records } = this.#cluster.partition(stream, partition);
    const newest = records[records.length - 1 - this.#network.unseen()];
    const floor = Math.max(this.#floors.get(`${stream} ${partition}`) ?? 0, newest === undefined ? 0 : newest.offset + 1);
    this.#floors.set(`${stream} ${partition}`, floor);
    return floor;
  }

  async read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): Promise<RecordBatch> {
    return this.#network.call(operation('read', `read ${stream} ${partition} from ${offset}`), () =>
      this.#cluster.read(
        stream,
        partition,
        offset,
        { ...limits, maxRecords: this.#network.short(limits.maxRecords) },
        this.#visible(stream, partition),
      ),
    );
  }

  async undecided(): Promise<Undecided> {
    return { from: 0, to: 0, sinceMs: 0 };
  }

  async partitionsNow(): Promise<{ readonly topic: string; readonly partitions: number }> {
    return { topic: 'access', partitions: this.partitions };
  }

  async retentionMs(): Promise<null> {
    return null;
  }

  async last(stream: AppendStream, partition: number): Promise<{ readonly offset: number; readonly value: Buffer } | null> {
    return this.#network.call(operation('read', `last ${stream} ${partition}`), () => {
      const { records, start } = this.#cluster.partition(stream, partition);
      const record = records[firstAt(records, this.#visible(stream, partition)) - 1];
      return record === undefined || record.offset < start ? null : { offset: record.offset, value: record.value };
    });
  }

  async bounds(stream: AppendStream, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.#network.call(operation('read', `bounds ${stream} ${partition}`), () => {
      const { start } = this.#cluster.partition(stream, partition);
      return { start, end: Math.max(start, this.#visible(stream, partition)) };
    });
  }

  async position(consumer: Position['consumer'], partition: number): Promise<Position | null> {
    return this.#network.call(operation('read', `position ${consumer} ${partition}`), () =>
      this.#cluster.position(consumer, partition),
    );
  }

  async shownOffset(consumer: Position['consumer'], partition: number): Promise<ShownOffset | null> {
    return { offset: (await this.position(consumer, partition))?.offset ?? 0, isOurs: true };
  }

  async *readKeyed(
    stream: KeyedStream,
    partition: number,
    prefix: string,
  ): AsyncGenerator<{ readonly key: string; readonly value: Buffer }> {
    const entries = await this.#network.call(operation('read', `keys ${stream} ${partition} ${prefix}`), () =>
      [...this.#cluster.keyed(stream, partition)]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value })),
    );
    yield* entries;
  }

  async *getManyKeyed(
    stream: KeyedStream,
    partition: number,
    keys: readonly string[],
  ): AsyncGenerator<{ readonly key: string; readonly value: Buffer }> {
    const entries = await this.#network.call(operation('read', `${keys.length} keys ${stream} ${partition}`), () => {
      const values = this.#cluster.keyed(stream, partition);
      return keys.flatMap((key) => {
        const value = values.get(key);
        return value === undefined ? [] : [{ key, value }];
      });
    });
    yield* entries;
  }

  async getKeyed(stream: KeyedStream, partition: number, key: string): Promise<Buffer | null> {
    return this.#network.call(
      operation('read', `key ${stream} ${partition} ${key}`),
      () => this.#cluster.keyed(stream, partition).get(key) ?? null,
    );
  }

  async waitForAppend(stream: AppendStream, timeoutMs: number, signal?: AbortSignal, partition?: number): Promise<void> {
    if (signal?.aborted === true || this.#isNews(stream, partition, signal ?? this)) return;
    const woken = new AbortController();
    const unwatch = this.#cluster.watch(stream, partition, () => this.#network.notify(() => woken.abort()));
    await this.#network.sleep(timeoutMs, signal === undefined ? woken.signal : AbortSignal.any([signal, woken.signal]));
    unwatch();
    this.#isNews(stream, partition, signal ?? this);
  }

  #isNews(stream: AppendStream, partition: number | undefined, caller: object): boolean {
    const told = this.#told.get(caller) ?? new Map<string, number>();
    this.#told.set(caller, told);
    const key = `${stream} ${partition ?? 'any'}`;
    const appends = this.#cluster.appends(stream, partition);
    const isNews = told.get(key) !== appends;
    told.set(key, appends);
    return isNews;
  }

  async close(): Promise<void> {}
}

function describe({ appends = [], puts = [], position }: Transaction): string {
  const parts = appends.map(({ stream, partition, values }) => `${stream}/${partition}+${values.length}`);
  if (puts.length > 0) parts.push(`${puts.length} puts`);
  if (position !== undefined) parts.push(`at ${position.offset} ${position.note}`);
  return parts.join(' ');
}
