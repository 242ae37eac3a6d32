/** A log on disk, of one partition where nothing else is said, with made-up programs, and scorers on it. Times come from a clock that the test sets. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { auditStore, type StoreAudit } from '../../services/auditor/audit-store.ts';
import { startBefore } from '../../services/auditor/refold.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../services/domain/fold/fold.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { decodeBlock, encodeBlock } from '../../services/domain/results/block.ts';
import type { AppendStream, EventLog } from '../../services/platform/log/event-log.ts';
import { encodeSegments } from '../../services/platform/log/segment.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../services/platform/warehouse/migrations.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { PartitionScorer, type PartitionScorerOptions } from '../../services/scorer/partition-scorer.ts';
import { type Refolding, remakeLostBlocks, type RemakeResult } from '../../services/writer/remake-blocks.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';

const START_MS = Date.UTC(2026, 2, 1);
const PROGRAMS = 20;

/** Stands still unless the test moves it. */
export class TestClock {
  ms = START_MS;
  readonly nowMs = (): number => this.ms;
  readonly monotonicMs = (): number => performance.now();
  readonly sleep = async (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(ms, signal);
  readonly turn = async (): Promise<void> => systemClock.turn();
}

export interface Block {
  readonly header: BlockHeader;
  readonly rows: Buffer;
}

export class ScoredLog {
  readonly #opened: Warehouse[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'ntk-takeover-'));
  readonly path = join(this.folder, 'log.db');
  readonly clock = new TestClock();
  log!: SqliteEventLog;
  #made = 0;

  /** @param partitions the others stay empty */
  static async make(partitions = 1): Promise<ScoredLog> {
    const made = new ScoredLog();
    made.log = await openSqliteLog({ path: made.path, create: true, partitions, clock: made.clock });
    return made;
  }

  /** An embedded ClickHouse in its folder, with the tables; it goes with {@link remove}. */
  async openWarehouse(): Promise<Warehouse> {
    const warehouse = openChdbWarehouse({ path: join(this.folder, 'clickhouse'), spoolDir: join(this.folder, 'spool') });
    await migrate(warehouse);
    this.#opened.push(warehouse);
    return warehouse;
  }

  /** Closes what was opened of it, too. */
  async remove(): Promise<void> {
    for (const warehouse of this.#opened) await warehouse.close();
    await this.log.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Appends so many records: declarations, consents and accesses of which most have findings and wait for a verdict. */
  async append(count: number): Promise<void> {
    const values = Array.from({ length: count }, () => Buffer.from(JSON.stringify(recordOf(this.#made++))));
    await this.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
  }

  /** A declaration of each of so many programs. */
  async appendPrograms(count: number): Promise<void> {
    const common = { specversion: '1.0', source: 'host/test', type: 'ntk.declaration', time: new Date(START_MS).toISOString() };
    const data = { version: 1, developer: 'dev', purposes: [{ id: 'all', text: '', categories: [{ category: 'location' }] }] };
    const values = Array.from({ length: count }, (_, i) =>
      Buffer.from(JSON.stringify({ ...common, id: `d${i}`, subject: `many-${i}`, data })),
    );
    await this.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
  }

  options(log: EventLog = this.log): PartitionScorerOptions & { readonly clock: TestClock } {
    return {
      log,
      partition: 0,
      storedUser: (user) => user,
      authority: OPEN,
      clock: this.clock,
      batchRecordsMax: 50,
      batchBytesMax: 1024 * 1024,
      checkpointRecords: 1_000_000,
      checkpointIntervalMs: 86_400_000 * 365,
    };
  }

  /** A scorer that has judged all there is. Leave it as a kill would, or stop it. */
  async scored(options: Partial<PartitionScorerOptions> = {}): Promise<PartitionScorer> {
    const scorer = await PartitionScorer.take({ ...this.options(), ...options });
    while ((await scorer.step()).status !== 'idle');
    return scorer;
  }

  async values(stream: AppendStream): Promise<Buffer[]> {
    const { start, end } = await this.log.bounds(stream, 0);
    const values: Buffer[] = [];
    for (let offset = start; offset < end; ) {
      const batch = await this.log.read(stream, 0, offset, { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 });
      for (let i = 0; i < batch.count; i++) values.push(Buffer.from(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1])));
      offset = batch.nextOffset;
    }
    return values;
  }

  async blocks(): Promise<Block[]> {
    return (await this.values('results')).map(decodeBlock);
  }

  async ends(): Promise<Record<'results' | 'verdicts' | 'rejects', number>> {
    const end = async (stream: AppendStream): Promise<number> => (await this.log.bounds(stream, 0)).end;
    return { results: await end('results'), verdicts: await end('verdicts'), rejects: await end('rejects') };
  }

  /** What folding the log once gives, without blocks, commits or restarts. */
  async undisturbed(): Promise<{ rows: string; verdicts: string[] }> {
    const fold = new PartitionFold({
      logId: this.log.logId,
      partition: 0,
      partitions: 1,
      storedUser: (user) => user,
      authority: OPEN,
    });
    const { end } = await this.log.bounds('access', 0);
    const rows: Buffer[] = [];
    const verdicts: string[] = [];
    while (fold.state.position < end) {
      const outcome = fold.fold(
        await this.log.read('access', 0, fold.state.position, { maxRecords: 10_000, maxBytes: 1e9 }),
        this.clock.ms,
      );
      rows.push(Buffer.from(outcome.rows.written()));
      verdicts.push(...outcome.verdicts);
    }
    return { rows: rowsOf(rows.map((bytes) => ({ rows: bytes }))), verdicts };
  }

  /** Writes another header into the last block, as damage or another release would have left it. */
  async changeLastHeader(change: Partial<BlockHeader>): Promise<void> {
    const { offset, value } = (await this.log.last('results', 0))!;
    const { header, rows } = decodeBlock(value);
    const [segment] = encodeSegments([encodeBlock({ header: { ...header, ...change }, rows })]);
    const db = new DatabaseSync(this.path);
    const { changes } = db
      .prepare("UPDATE segments SET data = ?, value_bytes = ? WHERE stream = 'results' AND base_offset = ? AND count = 1")
      .run(segment!.data, segment!.valueBytes, offset);
    db.close();
    if (changes !== 1) throw new Error('the last block does not lie in a segment of its own');
  }

  /** As a broker that lost the tail of a partition: what was at `end` and behind it is gone, and its offsets are given again. */
  setEnd(end: number): void {
    const db = new DatabaseSync(this.path);
    db.prepare("DELETE FROM segments WHERE stream = 'access' AND base_offset >= ?").run(end);
    db.prepare("UPDATE heads SET next_offset = ? WHERE stream = 'access'").run(end);
    db.close();
  }

  /** Stores everything that is judged. */
  async store(warehouse: Warehouse): Promise<void> {
    const limits = { rowsMax: 100_000, bytesMax: 64 * 1024 * 1024 };
    const writer = await PartitionWriter.take({ log: this.log, warehouse, partition: 0, limits });
    while ((await writer.step()).status === 'written');
    await writer.release();
  }

  /** Closes the log, so that the file is all there is of it, and opens it again: nothing is remembered of what was read. */
  async reopen(whileClosed: () => void = () => {}): Promise<void> {
    await this.log.close();
    whileClosed();
    this.log = await openSqliteLog({ path: this.path, create: false, clock: this.clock });
  }

  /** The scorer's checkpoints. */
  async keptStates(): Promise<CheckpointStore> {
    const checkpoints = new CheckpointStore(this.log, 0);
    await checkpoints.open();
    return checkpoints;
  }

  /** With users stored as they are. */
  async audit(warehouse: Warehouse, repairId: string | null = null): Promise<StoreAudit> {
    const keptStatesOf = (): Promise<CheckpointStore> => this.keptStates();
    return auditStore({ log: this.log, warehouse, storedUser: (user) => user, authority: OPEN, keptStatesOf, repairId });
  }

  /** Makes lost blocks again, with users stored as they are. */
  async remade(warehouse: Warehouse): Promise<RemakeResult> {
    const made = { log: this.log, warehouse, partition: 0, storedUser: (user: string) => user, authority: OPEN };
    const keptStates = await this.keptStates();
    const refoldFrom = (offset: number): Promise<Refolding | null> => startBefore({ ...made, scoredAtMs: 5, keptStates }, offset);
    return remakeLostBlocks({ ...made, refoldFrom });
  }

  async checkpointKeys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.log.readKeyed('checkpoints', 0, prefix)) keys.push(key);
    return keys;
  }

  async putCheckpoint(key: string, value: Buffer | null): Promise<void> {
    await this.log.commit({ puts: [{ stream: 'checkpoints', partition: 0, key, value }] });
  }
}

function recordOf(index: number): object {
  const subject = `program-${index % PROGRAMS}`;
  const time = new Date(START_MS + index * 1000).toISOString();
  const common = { specversion: '1.0', id: `e${index}`, source: 'host/test', subject, time };
  const user = `u${index % 7}`;
  if (index < PROGRAMS && index % 3 !== 0) {
    const purposes = [{ id: 'shops', text: 'shops near you', categories: [{ category: 'location' }] }];
    return {
      ...common,
      type: 'ntk.declaration',
      data: { version: 1, developer: 'dev', name: subject, class: 'food', purposes, detected: [], linkHosts: [] },
    };
  }
  if (index % 11 === 0)
    return { ...common, type: 'ntk.consent', data: { user, state: 'granted', categories: ['location'], basis: 'explicit' } };
  if (index % 13 === 0) return { ...common, type: 'ntk.unheard', data: {} };
  const api = index % 2 === 0 ? 'wx.getLocation' : 'wx.chooseContact';
  return { ...common, type: 'ntk.access', data: { user, api, purpose: 'shops', outcome: 'pending' } };
}

/** Blocks follow one another from the first record on; answers where they end. */
export function contiguousEnd(blocks: readonly Block[]): number {
  let next = 0;
  for (const { header } of blocks) {
    if (header.first !== next) throw new Error(`a block begins at ${header.first} instead of ${next}`);
    next = header.next;
  }
  return next;
}

/** All rows of the blocks as one digest. */
export function rowsOf(blocks: readonly Pick<Block, 'rows'>[]): string {
  const sum = createHash('sha256');
  for (const { rows } of blocks) sum.update(rows);
  return sum.digest('hex');
}
