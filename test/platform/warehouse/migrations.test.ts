import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BLOCK_COLUMNS, type Column, ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { LEDGER_COLUMNS } from '../../../services/platform/warehouse/ledger-row.ts';
import { migrate, MIGRATIONS_FOLDER } from '../../../services/platform/warehouse/migrations.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { temporaryFolder } from './temporary-folder.ts';

const FILES = [
  '0000_migrations.sql',
  '0001_access_results.sql',
  '0002_blocks.sql',
  '0003_gaps.sql',
  '0004_access_rollups.sql',
  '0005_merge_steps.sql',
];

describe('migrations', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let warehouse: Warehouse;
  beforeEach(() => {
    folder = temporaryFolder();
    cpSync(MIGRATIONS_FOLDER, join(folder.path, 'sql'), { recursive: true });
    warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'spool') });
  });
  afterEach(async () => {
    await warehouse.close();
    folder.remove();
  });
  const sql = (name: string): string => join(folder.path, 'sql', name);

  test('make every column of a row and of a block with its type, and nothing else in access_results', async () => {
    await migrate(warehouse);
    const columnsOf = async (table: string): Promise<readonly Column[]> =>
      warehouse.query<Column>("SELECT name, type FROM system.columns WHERE database = 'ntk' AND table = {table:String}", {
        table,
      });
    const byName = (columns: readonly Column[]): readonly Column[] => [...columns].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName(await columnsOf('access_results'))).toEqual(byName([...ROW_COLUMNS, ...BLOCK_COLUMNS]));
    expect(await columnsOf('blocks')).toEqual(expect.arrayContaining([...LEDGER_COLUMNS]));
  });

  test('order the columns as the contract lists them', async () => {
    await migrate(warehouse);
    const rows = await warehouse.query<{ name: string }>(
      "SELECT name FROM system.columns WHERE database = 'ntk' AND table = 'access_results' ORDER BY position",
    );
    expect(rows.map(({ name }) => name)).toEqual(CONTRACT_COLUMNS);
  });

  test('keep a window of tokens and write rows through to the disk', async () => {
    await migrate(warehouse);
    const tables = await warehouse.query<{ create_table_query: string }>(
      "SELECT create_table_query FROM system.tables WHERE database = 'ntk' AND name IN ('access_results', 'blocks')",
    );
    expect(tables).toHaveLength(2);
    for (const { create_table_query } of tables) {
      expect(create_table_query).toContain('ReplacingMergeTree');
      expect(create_table_query).toMatch(
        /non_replicated_deduplication_window = 1000, fsync_after_insert = (?:1|true), fsync_part_directory = (?:1|true)/,
      );
    }
  });

  test('have results merged ten parts of a size at a time', async () => {
    await migrate(warehouse);
    const [table] = await warehouse.query<{ engine_full: string }>(
      "SELECT engine_full FROM system.tables WHERE database = 'ntk' AND name = 'access_results'",
    );
    expect(table?.engine_full).toMatch(/\bmerge_selector_base = 10\b/);
  });

  test('are applied once and noted', async () => {
    expect(await migrate(warehouse)).toEqual({ applied: FILES, present: 0 });
    expect(await migrate(warehouse)).toEqual({ applied: [], present: FILES.length });
    const noted = await warehouse.query(
      'SELECT version, name, length(sha256) AS letters FROM ntk.migrations FINAL ORDER BY version',
    );
    expect(noted).toEqual(FILES.map((name, version) => ({ version, name, letters: '64' })));
  });

  test('go on where a crash left a file applied and not noted', async () => {
    await migrate(warehouse);
    for (const [version, name] of FILES.entries()) {
      await warehouse.command(`ALTER TABLE ntk.migrations DELETE WHERE version = ${version} SETTINGS mutations_sync = 2`);
      expect(await migrate(warehouse)).toEqual({ applied: [name], present: FILES.length - 1 });
    }
  });

  test('that were added since are applied', async () => {
    await migrate(warehouse, join(folder.path, 'sql'));
    writeFileSync(
      sql('0099_more.sql'),
      '-- a; comment\nALTER TABLE ntk.blocks ADD COLUMN IF NOT EXISTS extra String;\n\nALTER TABLE ntk.blocks ADD COLUMN IF NOT EXISTS other UInt8;\n',
    );
    expect(await migrate(warehouse, join(folder.path, 'sql'))).toMatchObject({ applied: ['0099_more.sql'] });
    expect(
      await warehouse.query("SELECT count() AS n FROM system.columns WHERE table = 'blocks' AND name IN ('extra', 'other')"),
    ).toEqual([{ n: '2' }]);
  });

  test('that were changed since stop everything and are named', async () => {
    await migrate(warehouse, join(folder.path, 'sql'));
    writeFileSync(sql(FILES[1]!), `${readFileSync(sql(FILES[1]!), 'utf8')}-- changed\n`);
    await expect(migrate(warehouse, join(folder.path, 'sql'))).rejects.toMatchObject({
      code: 'MIGRATION_MISMATCH',
      retryable: false,
      message: expect.stringContaining('0001_access_results.sql has changed since it was applied'),
    });
  });

  test('of a newer release stop an older one', async () => {
    writeFileSync(sql('0099_more.sql'), 'SELECT 1;\n');
    await migrate(warehouse, join(folder.path, 'sql'));
    await expect(migrate(warehouse)).rejects.toMatchObject({
      code: 'MIGRATION_MISMATCH',
      message: expect.stringContaining('was set up by a newer release (it has 0099_more.sql)'),
    });
  });

  test('are named by their number', async () => {
    writeFileSync(sql('next.sql'), 'SELECT 1;\n');
    await expect(migrate(warehouse, join(folder.path, 'sql'))).rejects.toThrow(
      'a migration is named like 0001_access_results.sql',
    );
  });
});

const CONTRACT_COLUMNS = [
  'partition',
  'offset',
  'event_id',
  'source',
  'event_time',
  'appended_at',
  'scored_at',
  'program',
  'developer',
  'class',
  'user',
  'api',
  'category',
  'purpose',
  'foreground',
  'rows',
  'bytes',
  'outcome',
  'verdict',
  'proposed',
  'reasons',
  'effective',
  'limit',
  'retry_after_ms',
  'page',
  'link_kind',
  'link_host',
  'fields',
  'duration_ms',
  'evidence',
  'engine',
  'log_id',
  'score',
  'contributions',
  'policy_hash',
  'declaration_version',
  'notes',
];
