/**
 * A process of its own that has the embedded engine: `asking.ts FOLDER make ROWS` makes rows, `asking.ts FOLDER ask NAME TIMES` asks a
 * question of services/domain/report/queries.ts that often. Prints JSON.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { STORED_POSITIONS_SQL } from '../../../services/domain/report/queries.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import { type CountsRequest, readCounts } from '../../../services/platform/warehouse/block-counts.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { begin, report } from '../process/measured.ts';
import { LOG_ID, makeBlocks, makeRows, repeatRows } from './made-rows.ts';
import { FROM_BLOCKS, QUESTIONS } from './questions.ts';

const [folder, verb, what, times] = process.argv.slice(2) as [string, 'make' | 'ask', string, string];
const warehouse = openChdbWarehouse({ path: join(folder, 'clickhouse'), spoolDir: join(folder, 'spool') });
await migrate(warehouse);
await begin();
const answer = verb === 'make' ? await make(warehouse, Number(what)) : await ask(warehouse, what, Number(times));
await warehouse.close();
report(answer);

async function make(into: Warehouse, rows: number): Promise<object> {
  const started = performance.now();
  await makeRows(into, rows);
  // A hundredth of them lies there twice.
  await repeatRows(into, 0, Math.ceil(rows / 100), rows);
  const seconds = (performance.now() - started) / 1000;
  const beforeCounts = processorSeconds();
  await makeBlocks(into);
  const [stored] = await into.query<{ parts: string; rows: string; bytes: string }>(
    "SELECT count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = 'ntk' AND table = 'access_results' AND active",
  );
  const { parts, rows: physicalRows, bytes } = stored!;
  return {
    seconds,
    countingProcessorSeconds: processorSeconds() - beforeCounts,
    parts: Number(parts),
    physicalRows: Number(physicalRows),
    bytes: Number(bytes),
  };
}

async function ask(of: Warehouse, name: string, count: number): Promise<object> {
  const stored = await of.query<{ partition: number; next: string }>(STORED_POSITIONS_SQL, { logId: LOG_ID });
  const request: CountsRequest = {
    logId: LOG_ID,
    partitions: stored.map(({ partition }) => partition),
    positions: stored.map(({ next }) => Number(next)),
    fromUs: Date.parse('2025-12-01T00:00:00Z') * 1000,
    toUs: Date.parse('2026-07-01T00:00:00Z') * 1000,
  };
  const milliseconds: number[] = [];
  const processorMs: number[] = [];
  let result: unknown;
  for (let i = 0; i < count; i++) {
    const [started, before] = [performance.now(), processorSeconds()];
    result = await answerOf(of, name, request);
    milliseconds.push(performance.now() - started);
    processorMs.push((processorSeconds() - before) * 1000);
  }
  return {
    milliseconds,
    processorMs,
    // Largest resident set of the whole process, in kilobytes.
    peakMb: process.resourceUsage().maxRSS / 1024,
    resultHash: createHash('sha256').update(JSON.stringify(result)).digest('hex').slice(0, 16),
    result,
  };
}

async function answerOf(of: Warehouse, name: string, request: CountsRequest): Promise<unknown> {
  if (name !== FROM_BLOCKS) return of.query(QUESTIONS[name as keyof typeof QUESTIONS], { ...request });
  const { cells, fromBlocks } = await readCounts(of, request);
  const accesses = cells.reduce((sum, cell) => sum + cell.accesses, 0);
  return [{ accesses: String(accesses), cells: String(cells.length), fromBlocks: String(fromBlocks) }];
}

/** Of all threads of this process: what others do on the machine does not show in it. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
