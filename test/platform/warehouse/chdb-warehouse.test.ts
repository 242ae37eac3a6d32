import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { describeWarehouse } from './warehouse-contract.ts';

describeWarehouse('the embedded warehouse', async () => {
  const folder = temporaryFolder();
  const secretFile = join(folder.path, 'secret.txt');
  writeFileSync(secretFile, 's3cret\n');
  const warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'spool') });
  return { warehouse, secretFile, close: async () => { await warehouse.close(); folder.remove(); } };
});
