/** Inserts a group: the rows, then the ledger entries, then what users had erased. Repeating it changes no total. */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { countBlocks } from '../platform/warehouse/block-counts.ts';
import { type Warehouse, WarehouseError } from '../platform/warehouse/warehouse.ts';
import type { Group } from './group.ts';
import { ledgerInsert, resultRowsInsert } from '../platform/warehouse/result-rows.ts';
import { counted } from '../domain/wording/counted.ts';

/**
 * Users erased by one mutation. Bound values travel in the URL, where a server takes 128 KiB of each (http_max_field_value_size): an id of 128
 * characters of 4 bytes has 1.5 KiB there, each byte written as %XX.
 */
const ERASURES_MAX = 64;

/** The token is made of log id, partition and range unless another is given. */
export async function insertGroup(
  warehouse: Warehouse,
  logId: string,
  group: Group,
  token: string = `${logId}:${group.partition}:${group.from}-${group.to}`,
): Promise<void> {
  // 1. Rows. A crash after this repeats them: the token keeps doubles out, and what slips through has the same identity.
  if (group.rowCount > 0) {
    const { partition, rows: bytes, headers } = group;
    await warehouse.insertRows(resultRowsInsert({ logId, partition, bytes, scoredAtMs: scoredAtMs(headers), token }));
  }
  // 2. The ledger, only after its rows: an entry says that they are there.
  await warehouse.insertRows(ledgerInsert(group.headers, `${token}:ledger`));
  // 3. Erasures, after the rows they may be about.
  await eraseUsers(
    warehouse,
    logId,
    group.partition,
    group.headers.flatMap((header) => header.erasures),
  );
}

/** Counts of the group's blocks (`ntk.access_rollups`), last: nothing that is read depends on whether they are there. */
export async function countGroup(warehouse: Warehouse, logId: string, { partition, headers, rowCount }: Group): Promise<void> {
  if (rowCount > 0) await countBlocks(warehouse, logId, partition, headers[0]!.first, headers.at(-1)!.next);
}

/** Removes the rows of users below the offset at which each of them was erased. Repeating it changes nothing. */
export async function eraseUsers(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  erasures: BlockHeader['erasures'],
): Promise<void> {
  for (let from = 0; from < erasures.length; from += ERASURES_MAX)
    await erase(warehouse, logId, partition, erasures.slice(from, from + ERASURES_MAX));
}

/** One mutation for many: each rewrites the parts it touches (60 ms in the embedded engine, however few rows there are). */
async function erase(warehouse: Warehouse, logId: string, partition: number, erasures: BlockHeader['erasures']): Promise<void> {
  const users = erasures.map(({ user }) => user);
  const offsets = erasures.map(({ offset }) => offset);
  try {
    await warehouse.command(
      'ALTER TABLE ntk.access_results DELETE WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND user IN {users:Array(String)} AND arrayExists((erasedBelow, erasedUser) -> offset < erasedBelow AND user = erasedUser, {offsets:Array(UInt64)}, {users:Array(String)}) SETTINGS mutations_sync = 2',
      { logId, partition, offsets, users },
    );
  } catch (error) {
    if (!(error instanceof WarehouseError)) throw error;
    // What is said of it is logged, and an engine, or a proxy before it, may repeat what it was asked: the users.
    const what = `${counted(users.length, 'user')} cannot be erased from partition ${partition}: ${error.code}; ClickHouse's own log says more`;
    throw new WarehouseError(error.code, error.retryable, what);
  }
}

/** Rows of a block were scored at one moment: which block a row is of follows from its offset. */
function scoredAtMs(headers: readonly BlockHeader[]): string {
  // Entries without rows may have the offset of the one behind them.
  const withRows = headers.filter((header) => header.accesses > 0);
  const times = withRows.map((header) => header.scoredAtMs);
  if (times.every((time) => time === times[0])) return String(times[0]);
  // Looked up, not searched: searching an array for each row takes rows times blocks.
  const firsts = withRows.map((header) => header.first).join(',');
  return `transform(roundDown(offset, [${firsts}]), [${firsts}], [${times.join(',')}], toUInt64(0))`;
}
