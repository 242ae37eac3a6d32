/**
 * Two folders with the same log id: a copy of a data folder, or an older copy that was restored, beside the ClickHouse of the other one.
 * Rows are known by log id, partition and offset, so one would replace the other's. What gives it away is that ClickHouse has
 * results of this log that the log itself does not have.
 */
import { ErrorForAPerson } from '../platform/error-for-a-person.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import type { Group } from './group.ts';

export class ForeignResults extends ErrorForAPerson {
  constructor(partition: number, stored: number, known: number) {
    super(
      `partition ${partition}: ClickHouse has results of this log up to source offset ${stored}, which the log itself, at ${known}, did not make; it is a copy of another data folder, or an older one that was restored, and nothing of it was written; give it a ClickHouse of its own (without --clickhouse it has one), or go on with the newest folder`,
    );
  }
}

/**
 * Null where all is well.
 * @param stored source offset up to which the writer's position says that everything is stored
 * @param group what is written next. After a crash between insert and position its entries are there already; no others can be, as long
 *   as nobody else has taken the partition
 */
export async function foreignResults(
  warehouse: Warehouse,
  logId: string,
  stored: number,
  group: Group,
): Promise<ForeignResults | null> {
  const { partition, headers } = group;
  const [newest] = await warehouse.query<{ next: string; entry_hash: string }>(
    'SELECT next, entry_hash FROM ntk.blocks WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND next > {stored:UInt64} ORDER BY next DESC, first DESC LIMIT 1',
    { logId, partition, stored },
  );
  if (newest === undefined) return null;
  const isOwn = headers.some(({ next, entryHash }) => next === Number(newest.next) && entryHash === newest.entry_hash);
  return isOwn ? null : new ForeignResults(partition, Number(newest.next), stored);
}
