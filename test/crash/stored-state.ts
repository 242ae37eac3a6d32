/** What a data folder holds once nobody works on it, without what may differ between two runs over the same inputs: times. */
import { join } from 'node:path';
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import type { AppendStream, EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';

export const clock = { nowMs: () => 1_800_000_000_000, monotonicMs: () => performance.now() };

const COLUMNS = ROW_COLUMNS.map(({ name }) => name).filter((name) => name !== 'appended_at' && name !== 'offset');
const ROWS_SQL = `SELECT partition, offset, \`${COLUMNS.join('`, `')}\` FROM ntk.access_results FINAL ORDER BY partition, offset`;
const SUMS_SQL = `SELECT partition, max(next) AS next, sum(accesses) AS accesses, sumMap(facts) AS facts, sum(stale_facts) AS stale,
  sum(duplicates) AS duplicates, sumMap(rejects) AS rejects, sum(heartbeats) AS heartbeats, sum(policy_copies) AS copies,
  sum(live_records) AS live, sum(erasures) AS erasures FROM ntk.blocks FINAL GROUP BY partition ORDER BY partition`;

export interface StoredState {
  /** A row each: `[partition,"offset",...]`. */
  readonly rows: readonly string[];
  /** Sums of the ledger, a line a partition. */
  readonly ledger: readonly string[];
  /** What hosts were told, by partition, in order. */
  readonly verdicts: readonly (readonly string[])[];
  readonly rejects: readonly (readonly string[])[];
}

/** Of a folder that nobody has open. */
export async function storedState(data: string): Promise<StoredState> {
  const warehouse = openChdbWarehouse({ path: join(data, 'clickhouse'), spoolDir: join(data, 'spool') });
  const log = await openSqliteLog({ path: join(data, 'log.db'), create: false, clock });
  try {
    const rows = await linesOf(warehouse, ROWS_SQL, 'JSONCompactEachRow');
    const ledger = await linesOf(warehouse, SUMS_SQL, 'JSONEachRow');
    return { rows, ledger, verdicts: await streamOf(log, 'verdicts'), rejects: await streamOf(log, 'rejects') };
  } finally {
    await warehouse.close();
    await log.close();
  }
}

async function linesOf(warehouse: Warehouse, sql: string, format: string): Promise<string[]> {
  const pieces: Buffer[] = [];
  for await (const piece of await warehouse.stream(sql, { format })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8').split('\n').slice(0, -1);
}

/** Without the times that say when something was judged. */
async function streamOf(log: EventLog, stream: AppendStream): Promise<string[][]> {
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  return Promise.all(partitions.map((partition) => recordsOf(log, stream, partition)));
}

async function recordsOf(log: EventLog, stream: AppendStream, partition: number): Promise<string[]> {
  const texts: string[] = [];
  const { start } = await log.bounds(stream, partition);
  for (let offset = start; ; ) {
    const batch = await log.read(stream, partition, offset, { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 });
    if (batch.count === 0) return texts;
    for (let i = 0; i < batch.count; i++) {
      texts.push(
        batch.bytes
          .toString('utf8', batch.starts[i], batch.starts[i + 1])
          .replace(/"(?:decidedAt|rejectedAt)":"[^"]*"/, '"at":""'),
      );
    }
    offset = batch.nextOffset;
  }
}

export interface Differences {
  readonly missing: number;
  readonly doubled: number;
  readonly different: number;
  readonly unexpected: number;
}

export const NONE: Differences = { missing: 0, doubled: 0, different: 0, unexpected: 0 };

/** Rows by partition and offset. */
export function compareRows(expected: readonly string[], found: readonly string[]): Differences {
  const identity = (row: string): string => row.slice(0, row.indexOf(',', row.indexOf(',') + 1));
  const left = new Map(expected.map((row) => [identity(row), row]));
  const seen = new Set<string>();
  let [doubled, different, unexpected] = [0, 0, 0];
  for (const row of found) {
    const id = identity(row);
    const wanted = left.get(id);
    if (seen.has(id)) doubled++;
    else if (wanted === undefined) unexpected++;
    else if (wanted !== row) different++;
    seen.add(id);
    left.delete(id);
  }
  return { missing: left.size, doubled, different, unexpected };
}

/** Events that hosts were told about more than once. */
export function toldTwice(verdicts: StoredState['verdicts']): string[] {
  const told = new Set<string>();
  const twice: string[] = [];
  for (const [partition, texts] of verdicts.entries()) {
    for (const text of texts) {
      const { source, program, eventId } = JSON.parse(text) as { source: string; program?: string; eventId: string };
      // A heartbeat's answer names no program: two hosts may send the same id to different partitions.
      const key = JSON.stringify([source, program ?? partition, eventId]);
      if (told.has(key)) twice.push(key);
      told.add(key);
    }
  }
  return twice;
}
