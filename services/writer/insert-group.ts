/** Inserts a group: the rows, then the ledger entries, then what users had erased. Repeating it changes no total. */
import type { Column } from '../../schemas/results/columns.ts';
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import type { Group } from './group.ts';
import { LEDGER_COLUMNS, ledgerRow } from '../platform/warehouse/ledger-row.ts';

const COLUMNS: readonly Column[] = ROW_COLUMNS;

export async function insertGroup(warehouse: Warehouse, logId: string, group: Group): Promise<void> {
  const token = `${logId}:${group.partition}:${group.from}-${group.to}`;
  // 1. Rows. A crash after this repeats them: the token keeps doubles out, and what slips through has the same identity.
  if (group.rowCount > 0) {
    await warehouse.insertRows({
      table: 'access_results',
      columns: COLUMNS,
      bytes: group.rows,
      expressions: {
        log_id: `toUUID('${logId}')`,
        partition: String(group.partition),
        scored_at: scoredAtExpression(group.headers),
      },
      token,
    });
  }
  // 2. The ledger, only after its rows: an entry says that they are there.
  await warehouse.insertRows({ table: 'blocks', columns: LEDGER_COLUMNS, bytes: [Buffer.concat(group.headers.map(ledgerRow))], token: `${token}:ledger` });
  // 3. Erasures, after the rows they may be about.
  for (const header of group.headers) {
    for (const { offset, user } of header.erasures) {
      await warehouse.command(
        'ALTER TABLE ntk.access_results DELETE WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset < {offset:UInt64} AND user = {user:String} SETTINGS mutations_sync = 2',
        { logId, partition: group.partition, offset, user },
      );
    }
  }
}

/** Rows of a block were scored at one moment: which block a row is of follows from its offset. */
function scoredAtExpression(headers: readonly BlockHeader[]): string {
  const times = headers.map((header) => header.scoredAtMs);
  if (times.every((time) => time === times[0])) return timeLiteral(String(times[0]));
  const ends = headers.map((header) => header.next).join(',');
  return timeLiteral(`arrayElement([${times.join(',')}], arrayFirstIndex(blockEnd -> offset < blockEnd, [${ends}]))`);
}

function timeLiteral(ms: string): string {
  return `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
}
