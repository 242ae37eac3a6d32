/**
 * Counts of rows by block (`ntk.access_rollups`). They are a function of the block alone, so that a crash, a repeat or a second writer
 * can only write them again; and they are used only where nobody's rows can have been removed since ({@link COUNTED_BLOCKS}). Whatever
 * has none is counted from its rows, so that a total never depends on which blocks were counted.
 */
import type { QueryParams, Warehouse } from './warehouse.ts';

/** Ranges of rows named in one statement; where more are left, or the ledger has a hole, all rows are counted. */
const RANGES_MAX = 1_000;

export interface CountsRequest {
  readonly logId: string;
  /** Positions by partition, as of which is counted: rows before them. Parallel. */
  readonly partitions: readonly number[];
  readonly positions: readonly number[];
  /** By event time, microseconds since 1970: from (included) to (not). */
  readonly fromUs: number;
  readonly toUs: number;
}

/** Accesses that have these in common. */
interface Cell {
  readonly category: string;
  readonly class: string;
  readonly outcome: string;
  readonly verdict: string;
  readonly proposed: string;
  readonly accesses: number;
}

export interface Counts {
  readonly cells: readonly Cell[];
  /** Accesses that came from counts of blocks, not from rows. */
  readonly fromBlocks: number;
}

const CELL = 'category, class, outcome, verdict, proposed';

/** An offset belongs to the last block that begins at or before it. */
const COUNT_SQL = `
INSERT INTO ntk.access_rollups (log_id, partition, first, next, entry_hash, accesses, cells)
SELECT {logId:UUID}, {partition:UInt16}, first, next, entry_hash, sum(n), arraySort(groupArray((${CELL}, n)))
FROM (
  SELECT b.first AS first, b.next AS next, b.entry_hash AS entry_hash, ${CELL}, count() AS n
  FROM (SELECT partition, offset, ${CELL} FROM ntk.access_results FINAL
    WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset >= {from:UInt64} AND offset < {to:UInt64}) AS r
  ASOF INNER JOIN (SELECT partition, first, next, entry_hash FROM ntk.blocks FINAL
    WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND first >= {from:UInt64} AND next <= {to:UInt64} AND kind = 'block' AND accesses > 0) AS b
  ON r.partition = b.partition AND r.offset >= b.first
  WHERE r.offset < b.next
  GROUP BY first, next, entry_hash, ${CELL}
)
GROUP BY first, next, entry_hash`;

/** Counts the stored blocks between two offsets; those that were counted get the same counts again. */
export async function countBlocks(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  from: number,
  to: number,
): Promise<void> {
  await warehouse.command(COUNT_SQL, { logId, partition, from, to });
}

/** Before rows are changed otherwise than by an erasure: what was counted may have been wrong. */
export async function forgetCounts(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  from: number,
  to: number,
): Promise<void> {
  await warehouse.command(
    'ALTER TABLE ntk.access_rollups DELETE WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND first < {to:UInt64} AND next > {from:UInt64} SETTINGS mutations_sync = 2',
    { logId, partition, from, to },
  );
}

const POSITION = 'transform(partition, {partitions:Array(UInt16)}, {positions:Array(UInt64)}, toUInt64(0))';
const FROM = "fromUnixTimestamp64Micro(toInt64({fromUs:Int64}), 'UTC')";
const TO = "fromUnixTimestamp64Micro(toInt64({toUs:Int64}), 'UTC')";
const WHOLLY_INSIDE = `next <= ${POSITION} AND event_time_min >= ${FROM} AND event_time_max < ${TO}`;

/** The blocks whose counts are what their rows give: counted whole, as they are in the ledger, and no user erased behind them. */
const COUNTED_BLOCKS = `(
  SELECT b.partition AS partition, b.first AS first, b.next AS next, event_time_min, event_time_max, r.cells AS cells
  FROM (SELECT * FROM ntk.access_rollups FINAL WHERE log_id = {logId:UUID}) AS r
  INNER JOIN (SELECT * FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND kind = 'block' AND accesses > 0) AS b
    ON r.partition = b.partition AND r.first = b.first
  LEFT JOIN (SELECT partition, max(next) AS erased_below FROM ntk.blocks WHERE log_id = {logId:UUID} AND erasures > 0 GROUP BY partition) AS e
    ON e.partition = b.partition
  WHERE r.next = b.next AND r.entry_hash = b.entry_hash AND r.accesses = b.accesses AND b.first >= e.erased_below
)`;

const FROM_BLOCKS_SQL = `
SELECT cell.1 AS category, cell.2 AS class, cell.3 AS outcome, cell.4 AS verdict, cell.5 AS proposed, sum(cell.6) AS accesses
FROM ${COUNTED_BLOCKS} ARRAY JOIN cells AS cell WHERE ${WHOLLY_INSIDE} GROUP BY ${CELL}`;

const TO_COUNT_SQL = `
SELECT partition, first, next FROM ntk.blocks FINAL
WHERE log_id = {logId:UUID} AND kind = 'block' AND accesses > 0 AND next <= ${POSITION} AND event_time_min < ${TO} AND event_time_max >= ${FROM}
  AND (partition, first) GLOBAL NOT IN (SELECT partition, first FROM ${COUNTED_BLOCKS} WHERE ${WHOLLY_INSIDE})
ORDER BY partition, first`;

/** Where the ledger covers fewer offsets than there are before the positions, it lacks something, and rows would be left out with it. */
const COVERED_SQL = `SELECT sum(next - first) AS covered FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND next <= ${POSITION}`;

const fromRowsSql = (which: string): string => `
SELECT ${CELL}, count() AS accesses FROM ntk.access_results FINAL
WHERE log_id = {logId:UUID} AND offset < ${POSITION} AND event_time >= ${FROM} AND event_time < ${TO} AND (${which}) GROUP BY ${CELL}`;

type CellRow = Omit<Cell, 'accesses'> & { readonly accesses: string };

/** The same cells that counting all rows gives. */
export async function readCounts(warehouse: Warehouse, request: CountsRequest): Promise<Counts> {
  const params: QueryParams = { ...request };
  const left = await warehouse.query<{ partition: number; first: string; next: string }>(TO_COUNT_SQL, params);
  const ranges = joined(left.map(({ partition, first, next }) => ({ partition, first: Number(first), next: Number(next) })));
  const [ledger] = await warehouse.query<{ covered: string }>(COVERED_SQL, params);
  const offsets = request.positions.reduce((sum, position) => sum + position, 0);
  const isScattered = ranges.length > RANGES_MAX || Number(ledger!.covered) !== offsets;
  const ofBlocks = isScattered ? [] : await warehouse.query<CellRow>(FROM_BLOCKS_SQL, params);
  // Numbers of ours, not text of others: with bound arrays the engine would not find them by its index.
  const which = ranges.map(
    ({ partition, first, next }) => `partition = ${partition} AND offset >= ${first} AND offset < ${next}`,
  );
  const ofRows =
    ranges.length === 0 && !isScattered
      ? []
      : await warehouse.query<CellRow>(fromRowsSql(isScattered ? 'true' : which.join(' OR ')), params);
  return {
    cells: summed([...ofBlocks, ...ofRows]),
    fromBlocks: ofBlocks.reduce((sum, { accesses }) => sum + Number(accesses), 0),
  };
}

interface Range {
  readonly partition: number;
  readonly first: number;
  readonly next: number;
}

/** Blocks that follow one another as one range. */
function joined(blocks: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  for (const block of blocks) {
    const before = ranges.at(-1);
    if (before?.partition === block.partition && before.next === block.first)
      ranges[ranges.length - 1] = { ...before, next: block.next };
    else ranges.push(block);
  }
  return ranges;
}

function summed(rows: readonly CellRow[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { category, class: ofClass, outcome, verdict, proposed, accesses } of rows) {
    const key = JSON.stringify([category, ofClass, outcome, verdict, proposed]);
    const known = cells.get(key)?.accesses ?? 0;
    cells.set(key, { category, class: ofClass, outcome, verdict, proposed, accesses: known + Number(accesses) });
  }
  return [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell);
}
