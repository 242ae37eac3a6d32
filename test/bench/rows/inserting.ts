/**
 * Floor (c): the same rows into the same table of a ClickHouse of this process, and nothing else: `inserting.ts FOLDER FILE...`. Native from
 * files, which is the fastest way in, a file an insert and an insert after the other, until the engine counts all rows.
 */
import { join } from 'node:path';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { sqlString } from '../../../services/platform/warehouse/insert-sql.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import { begin, report, Watch } from '../process/measured.ts';
import { storedRows } from './stored.ts';

const [folder = '', ...files] = process.argv.slice(2);
const warehouse = openChdbWarehouse({ path: join(folder, 'clickhouse'), spoolDir: join(folder, 'spool') });
await migrate(warehouse);
await begin();
const watch = new Watch();
// As the writer's inserts: a group is one block and so one part a month.
const settings =
  'max_insert_threads = 1, min_insert_block_size_rows = 4000000, min_insert_block_size_bytes = 0, insert_deduplicate = 0';
for (const file of files)
  await warehouse.command(`INSERT INTO ntk.access_results SETTINGS ${settings} SELECT * FROM file(${sqlString(file)}, 'Native')`);
await warehouse.query('SELECT count() FROM ntk.access_results');
const taken = watch.taken();
const stored = await storedRows(warehouse);
await warehouse.close();
report({ ...taken, ...stored });
