import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { checkTables } from '../../../services/platform/warehouse/check-tables.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import { type Warehouse, WarehouseError } from '../../../services/platform/warehouse/warehouse.ts';

let folder: string;
let warehouse: Warehouse;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-check-tables-'));
  warehouse = openChdbWarehouse({ path: join(folder, 'clickhouse'), spoolDir: folder });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await warehouse.command('DROP DATABASE IF EXISTS ntk');
  await migrate(warehouse);
});

async function problems(): Promise<string> {
  const error = await checkTables(warehouse).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WarehouseError)) return '';
  expect(error).toMatchObject({ code: 'TABLES_UNFIT', retryable: false });
  return error.message;
}

describe('tables before the first insert', () => {
  test('are fine as the migrations make them', async () => {
    expect(await problems()).toBe('');
  });

  test('that forget the tokens of inserts are refused, with the statement that mends it', async () => {
    await warehouse.command('ALTER TABLE ntk.blocks MODIFY SETTING non_replicated_deduplication_window = 0');
    const said = await problems();
    expect(said).toContain('ALTER TABLE ntk.blocks MODIFY SETTING non_replicated_deduplication_window = 1000');
    await warehouse.command('ALTER TABLE ntk.blocks MODIFY SETTING non_replicated_deduplication_window = 1000');
    expect(await problems()).toBe('');
  });

  test('that would count a row twice are refused, and all that is wrong is said at once', async () => {
    await warehouse.command('DROP TABLE ntk.access_results');
    await warehouse.command(
      'CREATE TABLE ntk.access_results (partition UInt16, offset UInt64, rows UInt32) ENGINE = MergeTree ORDER BY (partition, offset)',
    );
    const said = await problems();
    expect(said).toContain('ntk.access_results is a MergeTree');
    expect(said).toContain('is ordered by (partition, offset) and not by (log_id, partition, offset)');
    expect(said).toContain('ntk.access_results.event_id is not there and has to be a String');
  });

  test('of which a column was changed are refused', async () => {
    await warehouse.command('ALTER TABLE ntk.blocks MODIFY COLUMN duplicates UInt32');
    expect(await problems()).toContain('ntk.blocks.duplicates is a UInt32 and has to be a UInt64');
  });

  test('that are missing are said', async () => {
    await warehouse.command('DROP TABLE ntk.blocks');
    expect(await problems()).toContain('there is no table ntk.blocks');
  });
});
