/**
 * Brings the tables up to this release: applies the files of schemas/clickhouse in the order of their numbers, once each, and notes
 * them in `ntk.migrations`. Every statement can be run again, so a crash between a file and its note does no harm.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_CODES, warehouseError } from './error-codes.ts';
import type { Warehouse } from './warehouse.ts';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, '../../../schemas/clickhouse');

interface Migration {
  readonly version: number;
  /** File name. */
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
}

interface AppliedRow {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
}

interface MigrationResult {
  /** File names, in order. */
  readonly applied: readonly string[];
  readonly present: number;
}

/**
 * @throws WarehouseError `MIGRATION_MISMATCH` when an applied file has changed since, or a newer release was here
 */
export async function migrate(warehouse: Warehouse, folder: string = MIGRATIONS_FOLDER): Promise<MigrationResult> {
  const [first, ...rest] = await readMigrations(folder);
  if (first === undefined) throw new Error(`${folder} holds no migrations`);
  // Makes the table that is asked next; it is itself noted like the others.
  for (const statement of first.statements) await warehouse.command(statement);
  const noted = await warehouse.query<AppliedRow>('SELECT version, name, sha256 FROM ntk.migrations FINAL ORDER BY version');
  const all = [first, ...rest];
  for (const row of noted) checkNoted(warehouse, row, all);
  const known = new Set(noted.map(({ version }) => version));
  const due = all.filter(({ version }) => !known.has(version));
  for (const migration of due) {
    if (migration !== first) for (const statement of migration.statements) await warehouse.command(statement);
    await note(warehouse, migration);
  }
  return { applied: due.map(({ name }) => name), present: noted.length };
}

function checkNoted(warehouse: Warehouse, row: AppliedRow, migrations: readonly Migration[]): void {
  const where = warehouse.description;
  const migration = migrations.find(({ version }) => version === row.version);
  if (migration === undefined) {
    throw warehouseError(
      OWN_CODES.migration,
      `${where}: was set up by a newer release (it has ${row.name}); use that release or a newer one`,
    );
  }
  if (migration.sha256 !== row.sha256) {
    throw warehouseError(
      OWN_CODES.migration,
      `${where}: ${row.name} has changed since it was applied; put the file back as it was and make the change in a new one`,
    );
  }
}

async function note(warehouse: Warehouse, { version, name, sha256 }: Migration): Promise<void> {
  await warehouse.command(
    'INSERT INTO ntk.migrations (version, name, sha256, applied_at) SELECT {version:UInt32}, {name:String}, {sha256:String}, now64(3)',
    { version, name, sha256 },
  );
}

/** Files named like `0001_access_results.sql`, ascending. */
async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const [, digits] = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name) ?? [];
    if (digits === undefined) throw new Error(`${join(folder, name)}: a migration is named like 0001_access_results.sql`);
    const text = await readFile(join(folder, name), 'utf8');
    const sha256 = createHash('sha256').update(text).digest('hex');
    migrations.push({ version: Number(digits), name, sha256, statements: statementsOf(text) });
  }
  return migrations;
}

/** Our own files: a statement ends with a semicolon at the end of a line, and a comment line begins with two dashes. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
