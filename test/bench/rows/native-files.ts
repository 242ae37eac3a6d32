/**
 * Rows of a data folder as files for the floor, in the fastest format the engine reads: `native-files.ts DATA FOLDER ROWS`. Not measured.
 * Prints the files and what the rows are.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { sqlString } from '../../../services/platform/warehouse/insert-sql.ts';
import { begin, report } from '../process/measured.ts';
import { storedBytes, storedRows } from './stored.ts';

const [data = '', folder = '', rowsAFile = '0'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const warehouse = openChdbWarehouse({ path: join(data, 'clickhouse'), spoolDir: join(folder, 'spool') });
const partitions = await warehouse.query<{ partition: number; next: string }>(
  'SELECT partition, max(offset) + 1 AS next FROM ntk.access_results GROUP BY partition ORDER BY partition',
);
const files: string[] = [];
await begin();
for (const { partition, next } of partitions) {
  for (let from = 0; from < Number(next); from += Number(rowsAFile)) {
    const file = join(folder, `rows-${partition}-${from}.native`);
    await warehouse.command(`
INSERT INTO FUNCTION file(${sqlString(file)}, 'Native')
SELECT * FROM ntk.access_results FINAL
WHERE partition = ${partition} AND offset >= ${from} AND offset < ${from + Number(rowsAFile)} ORDER BY offset
SETTINGS max_threads = 1, engine_file_truncate_on_insert = 1`);
    files.push(file);
  }
}
const found = { files, ...(await storedRows(warehouse)), bytes: await storedBytes(warehouse) };
await warehouse.close();
report(found);
