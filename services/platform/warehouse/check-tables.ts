/**
 * Whether the tables are what exactness rests on. They are made by our own migrations, but on a server others can change them, and a
 * ClickHouse of another age has other defaults. Everything that is wrong is said at once, before the first insert.
 */
import { type Column, ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { OWN_CODES, warehouseError } from './error-codes.ts';
import { LEDGER_COLUMNS } from './ledger-row.ts';
import type { Warehouse } from './warehouse.ts';

/** `ORDER BY` of each table: the identity of its rows, by which totals read them once. */
const TABLES = [
  { name: 'access_results', identity: 'log_id, partition, offset', columns: [...ROW_COLUMNS] as readonly Column[] },
  { name: 'blocks', identity: 'log_id, partition, first, state_to', columns: [...LEDGER_COLUMNS] as readonly Column[] },
] as const;

/** Of what is wrong: a table of somebody else has all columns wrong. */
const SAID_MAX = 6;

interface TableRow {
  readonly name: string;
  readonly engine: string;
  readonly sorting_key: string;
  readonly engine_full: string;
}

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
}

/** @throws WarehouseError `TABLES_UNFIT` that names each thing that is wrong and what it has to be */
export async function checkTables(warehouse: Warehouse): Promise<void> {
  const tables = await warehouse.query<TableRow>(
    "SELECT name, engine, sorting_key, engine_full FROM system.tables WHERE database = 'ntk' AND name IN {names:Array(String)}",
    { names: TABLES.map(({ name }) => name) },
  );
  const columns = await warehouse.query<ColumnRow>(
    "SELECT table, name, type FROM system.columns WHERE database = 'ntk' AND table IN {names:Array(String)}",
    { names: TABLES.map(({ name }) => name) },
  );
  const wrong = TABLES.flatMap((table) => [
    ...wrongTable(
      table,
      tables.find(({ name }) => name === table.name),
    ),
    ...wrongColumns(
      table,
      columns.filter((column) => column.table === table.name),
    ),
  ]);
  if (wrong.length === 0) return;
  const more = wrong.length > SAID_MAX ? `; and ${wrong.length - SAID_MAX} more` : '';
  throw warehouseError(OWN_CODES.unfit, `${warehouse.description}: ${wrong.slice(0, SAID_MAX).join('; ')}${more}`);
}

function wrongTable({ name, identity }: (typeof TABLES)[number], table: TableRow | undefined): string[] {
  if (table === undefined) return [`there is no table ntk.${name}`];
  const wrong: string[] = [];
  if (!/^(?:Replicated|Shared)?ReplacingMergeTree$/.test(table.engine))
    wrong.push(
      `ntk.${name} is a ${table.engine}, and only a ReplacingMergeTree keeps a row that was inserted twice from counting twice`,
    );
  if (table.sorting_key !== identity) wrong.push(`ntk.${name} is ordered by (${table.sorting_key}) and not by (${identity})`);
  // Replicated tables have a window of their own; without one every repeated insert leaves doubles until parts are merged.
  const isAlone = table.engine === 'ReplacingMergeTree';
  const window = Number(/non_replicated_deduplication_window\s*=\s*(\d+)/.exec(table.engine_full)?.[1] ?? 0);
  if (isAlone && window === 0)
    wrong.push(
      `ntk.${name} forgets the tokens of inserts: ALTER TABLE ntk.${name} MODIFY SETTING non_replicated_deduplication_window = 1000`,
    );
  return wrong;
}

function wrongColumns({ name: table, columns }: (typeof TABLES)[number], has: readonly ColumnRow[]): string[] {
  if (has.length === 0) return [];
  const types = new Map(has.map(({ name, type }) => [name, type]));
  return columns.flatMap(({ name, type }) => {
    const found = types.get(name);
    if (found === type) return [];
    return [`ntk.${table}.${name} is ${found === undefined ? 'not there' : `a ${found}`} and has to be a ${type}`];
  });
}
