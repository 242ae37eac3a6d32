import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { describeWarehouse, plainRows, rowsInsert } from './warehouse-contract.ts';

describeWarehouse('the embedded warehouse', async () => {
  const folder = temporaryFolder();
  const secretFile = join(folder.path, 'secret.txt');
  writeFileSync(secretFile, 's3cret\n');
  const warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'spool') });
  const close = async (): Promise<void> => {
    await warehouse.close();
    folder.remove();
  };
  return { warehouse, secretFile, close };
});

describe('a folder of the embedded warehouse', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let opened: Warehouse[];
  beforeEach(() => {
    folder = temporaryFolder();
    opened = [];
  });
  afterEach(async () => {
    for (const warehouse of opened) await warehouse.close();
    folder.remove();
  });

  function open(name = 'clickhouse'): Warehouse {
    const warehouse = openChdbWarehouse({ path: join(folder.path, name), spoolDir: join(folder.path, 'spool') });
    opened.push(warehouse);
    return warehouse;
  }
  const files = (): string[] => readdirSync(join(folder.path, 'spool'));

  test('is one a process, until it is closed', async () => {
    const first = open();
    expect(() => open('other')).toThrow(
      expect.objectContaining({ code: 'FOLDER_IN_USE', message: expect.stringContaining('close that first') }),
    );
    expect(() => open()).toThrow(expect.objectContaining({ code: 'FOLDER_IN_USE' }));
    await first.query('SELECT 1');
    await first.close();
    expect(await open('other').query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test("is one process's, which the other is told in one line", async () => {
    await migrate(open());
    const script = `
      import { openChdbWarehouse } from '${join(import.meta.dirname, '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts')}';
      const warehouse = openChdbWarehouse({ path: '${join(folder.path, 'clickhouse')}', spoolDir: '${join(folder.path, 'spool-2')}' });
      await warehouse.query('SELECT 1').catch((error) => process.stdout.write(JSON.stringify({ code: error.code, message: error.message })));
      await warehouse.close();`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({
      code: 'FOLDER_IN_USE',
      message: expect.stringMatching(new RegExp(`: process ${process.pid} has this folder open$`)),
    });
  });

  test('keeps its rows and its tokens over a restart', async () => {
    const first = open();
    await migrate(first);
    const insert = rowsInsert(plainRows([1, 2]), 'token-1');
    await first.insertRows(insert);
    await first.close();
    const second = open();
    await second.insertRows(insert);
    expect(await second.query('SELECT count() AS n FROM ntk.access_results')).toEqual([{ n: '2' }]);
  });

  test('may have spaces, quotes and letters of all kinds in its path', async () => {
    const warehouse = open('it\'s a "folder" äß[1]&=');
    await migrate(warehouse);
    await warehouse.insertRows(rowsInsert(plainRows([1]), 'token-1'));
    expect(await warehouse.query('SELECT count() AS n FROM ntk.access_results')).toEqual([{ n: '1' }]);
  });

  test('never spools rows where the engine would look for a pattern', async () => {
    const warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'sp{1,2}ool') });
    opened.push(warehouse);
    await expect(warehouse.query('SELECT 1')).rejects.toMatchObject({ code: 'UNUSABLE_PATH', retryable: false });
  });

  test('leaves no rows in its spool, neither after an insert nor after a failed one', async () => {
    const warehouse = open();
    await migrate(warehouse);
    await warehouse.insertRows(rowsInsert(plainRows([1]), 'token-1'));
    await expect(warehouse.insertRows(rowsInsert([Buffer.from('no row')], 'token-2'))).rejects.toMatchObject({
      name: 'WarehouseError',
    });
    expect(files()).toEqual([]);
  });

  test('removes rows that a killed process left in its spool, and nothing else', async () => {
    mkdirSync(join(folder.path, 'spool'));
    writeFileSync(join(folder.path, 'spool', 'insert-7.rowbinary'), 'left');
    writeFileSync(join(folder.path, 'spool', 'notes.txt'), 'mine');
    await open().query('SELECT 1');
    expect(files()).toEqual(['notes.txt']);
  });

  test('is closed only when what is under way has ended', async () => {
    const warehouse = open();
    await migrate(warehouse);
    const offsets = Array.from({ length: 20_000 }, (_, offset) => offset);
    const insert = warehouse.insertRows(rowsInsert(plainRows(offsets), 'token-1'));
    const stream = await warehouse.stream('SELECT number FROM numbers(200000)', { format: 'CSV', readonly: true });
    const closed = warehouse.close();
    await expect(warehouse.query('SELECT 1')).rejects.toMatchObject({ code: 'WAREHOUSE_CLOSED' });
    expect((await text(stream)).split('\n')).toHaveLength(200_001);
    await expect(insert).resolves.toBeUndefined();
    await closed;
    await warehouse.close();
    expect(await open().query('SELECT count() AS n FROM ntk.access_results')).toEqual([{ n: '20000' }]);
  });

  test('gives a large result whole in a format whose pieces are no result put together', async () => {
    const stream = await open().stream('SELECT number FROM numbers(200000)', { format: 'JSONCompact', readonly: true });
    const { data, rows } = JSON.parse(await text(stream)) as { data: unknown[]; rows: number };
    expect([data.length, rows]).toEqual([200_000, 200_000]);
  });

  test('is not made before the first use', async () => {
    const warehouse = open();
    expect(existsSync(join(folder.path, 'clickhouse'))).toBe(false);
    await warehouse.close();
  });

  test('may be tried again when it could not be opened', async () => {
    writeFileSync(join(folder.path, 'spool'), 'a file in the way');
    const warehouse = open();
    await expect(warehouse.query('SELECT 1')).rejects.toMatchObject({ name: 'WarehouseError' });
    rmSync(join(folder.path, 'spool'));
    expect(await warehouse.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('stands in messages by its path', () => {
    expect(open().description).toBe(`chdb at ${join(folder.path, 'clickhouse')}`);
  });
});
