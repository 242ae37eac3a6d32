/**
 * Rows of results made by the engine itself, ten million in a minute or two. What decides how long a total takes is as in real ones: the
 * order in offsets, the columns' sizes on disk (event ids and user hashes that do not compress), 2,400 programs of which few make most
 * accesses, 300,000 users, one attempt in 300 intercepted, ninety days of arrivals and so four months of parts.
 */
import { countBlocks } from '../../../services/platform/warehouse/block-counts.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';

export const LOG_ID = '11111111-1111-4111-8111-111111111111';
const PARTITIONS = 4;
const FIRST_MS = Date.parse('2026-01-01T00:00:00Z');
const DAYS = 90;
/** As large as the writer's groups get. */
const INSERT_ROWS = 500_000;
const BLOCK_ROWS = 5_000;

/** Inserted group after group, a partition at a time, as a writer that catches up does. Merges go on meanwhile. */
export async function makeRows(warehouse: Warehouse, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += INSERT_ROWS)
    await warehouse.command(insertSql(from, Math.min(INSERT_ROWS, rows - from), rows));
}

/** Inserts again what is there, as a repeat does whose token was forgotten. */
export async function repeatRows(warehouse: Warehouse, from: number, count: number, rows: number): Promise<void> {
  await warehouse.command(insertSql(from, count, rows));
}

/** The ledger of these rows, in blocks as large as the scorer's batches, and their counts, as the writer makes them. */
export async function makeBlocks(warehouse: Warehouse): Promise<void> {
  await warehouse.command(`
INSERT INTO ntk.blocks (log_id, partition, first, next, accesses, event_time_min, event_time_max, entry_hash)
SELECT log_id, partition, min(offset), max(offset) + 1, count(), min(event_time), max(event_time),
  lower(hex(SHA256(concat(toString(partition), ' ', toString(intDiv(offset, ${BLOCK_ROWS}))))))
FROM ntk.access_results FINAL GROUP BY log_id, partition, intDiv(offset, ${BLOCK_ROWS})`);
  const ends = await warehouse.query<{ partition: number; next: string }>(
    'SELECT partition, max(next) AS next FROM ntk.blocks GROUP BY partition',
  );
  for (const { partition, next } of ends)
    for (let from = 0; from < Number(next); from += INSERT_ROWS)
      await countBlocks(warehouse, LOG_ID, partition, from, from + INSERT_ROWS);
}

function insertSql(from: number, count: number, rows: number): string {
  const msApart = (DAYS * 86_400_000) / rows;
  const chance = (salt: number, of: number): string => `cityHash64(number, ${salt}) % ${of}`;
  const oneOf = (salt: number, names: readonly string[]): string =>
    `[${names.map((name) => `'${name}'`).join(', ')}][1 + ${chance(salt, names.length)}]`;
  return `
INSERT INTO ntk.access_results (partition, offset, event_id, source, event_time, appended_at, scored_at, program, developer, class, user, api,
  category, purpose, foreground, rows, bytes, outcome, verdict, proposed, reasons, effective, engine, log_id, policy_hash)
SETTINGS insert_deduplicate = 0, max_insert_threads = 1, min_insert_block_size_rows = 4000000, min_insert_block_size_bytes = 0
SELECT
  toUInt16(intDiv(number, ${INSERT_ROWS}) % ${PARTITIONS}) AS partition, intDiv(number, ${INSERT_ROWS * PARTITIONS}) * ${INSERT_ROWS} + number % ${INSERT_ROWS} AS offset,
  hex(sipHash128(number)) AS event_id, concat('host/', toString(number % 5)) AS source,
  fromUnixTimestamp64Milli(toInt64(${FIRST_MS} + floor(number * ${msApart}) - ${chance(3, 60_000)}), 'UTC') AS event_time,
  fromUnixTimestamp64Milli(toInt64(${FIRST_MS} + floor(number * ${msApart})), 'UTC') AS appended_at, appended_at AS scored_at,
  concat('program-', toString(toUInt32(pow(2400, ${chance(4, 100_000)} / 100000)))) AS program,
  concat('developer-', toString(cityHash64(program) % 700)) AS developer,
  ['food', 'games', 'travel', 'health', 'undeclared'][1 + cityHash64(program) % 5] AS class,
  lower(hex(sipHash128(${chance(5, 300_000)}))) AS user,
  ${oneOf(6, ['wx.getLocation', 'wx.chooseContact', 'wx.chooseImage'])} AS api,
  ${oneOf(7, ['location', 'contacts', 'photos', 'clipboard', 'camera', 'device_info'])} AS category, 'shops' AS purpose,
  number % 3 = 0 AS foreground, number % 20 AS rows, number % 4000 AS bytes, ${oneOf(8, ['pending', 'performed', 'refused'])} AS outcome,
  multiIf(${chance(9, 300)} = 0, 'intercept', ${chance(9, 50)} = 1, 'flag', ${chance(9, 200)} = 2, 'throttle', 'allow') AS verdict,
  if(verdict = 'allow' AND ${chance(10, 400)} = 0, 'intercept', verdict) AS proposed,
  if(proposed = 'allow', [], ['undeclared_category', 'excess_volume']) AS reasons,
  if(proposed = 'allow', [], [verdict, if(verdict = 'intercept', 'flag', verdict)]) AS effective,
  2 AS engine, toUUID('${LOG_ID}') AS log_id, 'abcdef0123456789' AS policy_hash
FROM numbers(${from}, ${count})`;
}
