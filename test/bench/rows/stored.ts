/** What is asked of the results: how far they are stored, what they are, and how many bytes they take. */
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';

/** Entries of the ledger are inserted after their rows: what they cover answers queries. */
export async function storedOffsets(warehouse: Warehouse): Promise<ReadonlyMap<number, number>> {
  const rows = await warehouse.query<{ partition: number; next: string }>(
    'SELECT partition, max(next) AS next FROM ntk.blocks GROUP BY partition',
  );
  return new Map(rows.map(({ partition, next }) => [partition, Number(next)]));
}

export interface StoredRows {
  readonly rows: number;
  /** Over what was judged and how; the order of the rows and when they were judged have no say in it. */
  readonly hash: string;
}

export async function storedRows(warehouse: Warehouse): Promise<StoredRows> {
  const [stored] = await warehouse.query<{ rows: string; hash: string }>(`
SELECT count() AS rows, lower(hex(groupBitXor(cityHash64(event_id, program, user, category, verdict, proposed, reasons, event_time)))) AS hash
FROM ntk.access_results FINAL`);
  return { rows: Number(stored!.rows), hash: stored!.hash };
}

/** Compressed, of all tables: rows, ledger, migrations, and parts that merges have left for now are not in it. */
export async function storedBytes(warehouse: Warehouse): Promise<number> {
  const [stored] = await warehouse.query<{ bytes: string }>(
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = 'ntk' AND active",
  );
  return Number(stored!.bytes);
}
