/** The warehouse in memory beside the real engine: the writer's inserts leave the same in both. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../services/platform/warehouse/migrations.ts';
import { encodeRow } from '../../services/platform/warehouse/row-binary.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import type { Group } from '../../services/writer/group.ts';
import { insertGroup } from '../../services/writer/insert-group.ts';
import { plainRow } from '../platform/warehouse/hostile-rows.ts';
import { temporaryFolder } from '../platform/warehouse/temporary-folder.ts';
import { HEADER } from '../platform/warehouse/warehouse-contract.ts';
import { QUIET } from './quiet-network.ts';
import { SimulatedTables, SimulatedWarehouse } from './simulated-warehouse.ts';

const LOG_ID = HEADER.logId;
const PARTITION = 3;
const OCTOBER_MS = Date.UTC(2026, 9, 31);
const NOVEMBER_MS = Date.UTC(2026, 10, 1);

let folder: ReturnType<typeof temporaryFolder>;
let real: Warehouse;
let tables: SimulatedTables;
beforeEach(async () => {
  folder = temporaryFolder();
  real = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'spool') });
  await migrate(real);
  tables = new SimulatedTables(LOG_ID);
});
afterEach(async () => {
  await real.close();
  folder.remove();
});

interface Made {
  readonly first: number;
  readonly user: string;
  readonly erasures?: BlockHeader['erasures'];
}

/** Blocks of four offsets, two rows in each: one of October, one of November. */
function groupOf(blocks: readonly Made[], to: number): Group {
  const headers = blocks.map(({ first, erasures = [] }) => ({
    ...HEADER,
    partition: PARTITION,
    first,
    next: first + 4,
    accesses: 2,
    scoredAtMs: NOVEMBER_MS + first,
    erasures,
  }));
  const rows = blocks.map(({ first, user }) =>
    Buffer.concat([
      encodeRow(ROW_COLUMNS, plainRow({ offset: first + 1, user, appended_at: OCTOBER_MS })),
      encodeRow(ROW_COLUMNS, plainRow({ offset: first + 2, user, appended_at: NOVEMBER_MS })),
    ]),
  );
  return { partition: PARTITION, from: 0, to, headers, rows, rowCount: 2 * blocks.length, byteCount: Buffer.concat(rows).length };
}

/** `offset user scoredAt copies` of each row and `first copies` of each entry, in both. */
async function stored(): Promise<{ real: string[]; simulated: string[] }> {
  const rows = await real.query<{ line: string }>(
    "SELECT concat(toString(offset), ' ', user, ' ', toString(toUnixTimestamp64Milli(any(scored_at))), ' ', toString(count())) AS line FROM ntk.access_results GROUP BY offset, user ORDER BY offset",
  );
  const entries = await real.query<{ line: string }>(
    "SELECT concat(toString(first), ' ', toString(count())) AS line FROM ntk.blocks GROUP BY first ORDER BY first",
  );
  const simulatedRows = [...tables.rows.values()].map((copies) => ({ ...copies[0]!, copies: copies.length }));
  return {
    real: [...rows, ...entries].map(({ line }) => line),
    simulated: [
      ...simulatedRows
        .sort((a, b) => a.offset - b.offset)
        .map(({ offset, user, scoredAtMs, copies }) => `${offset} ${user} ${scoredAtMs} ${copies}`),
      ...[...tables.entries]
        .map(([key, copies]) => ({ first: Number(key.split(' ')[1]), copies: copies.length }))
        .sort((a, b) => a.first - b.first)
        .map(({ first, copies }) => `${first} ${copies}`),
    ],
  };
}

async function insert(group: Group): Promise<string[]> {
  await insertGroup(real, LOG_ID, group);
  await insertGroup(new SimulatedWarehouse(tables, QUIET), LOG_ID, group);
  const { real: there, simulated } = await stored();
  expect(simulated).toEqual(there);
  return there;
}

test('repeats, other groupings and erasures leave the same as in the engine', async () => {
  const blocks: readonly Made[] = [
    { first: 0, user: 'u_1' },
    { first: 4, user: 'u_2' },
  ];
  const once = await insert(groupOf(blocks, 2));
  expect(once).toHaveLength(6);
  expect(await insert(groupOf(blocks, 2))).toEqual(once);
  const doubled = await insert(groupOf(blocks, 3));
  expect(doubled.every((line) => line.endsWith(' 2'))).toBe(true);

  const erased = await insert(groupOf([{ first: 8, user: 'u_3', erasures: [{ offset: 8, user: 'u_1' }] }], 4));
  expect(erased.filter((line) => line.includes('u_1'))).toEqual([]);
  // The repeat that its token keeps out brings nobody back.
  expect(await insert(groupOf(blocks, 2))).toEqual(erased);
});

test('an insert that comes after an erasure, and whose token is not remembered, brings erased rows back', async () => {
  // What docs/simulation.md says of late inserts: nothing but the token keeps them out.
  await insert(groupOf([{ first: 4, user: 'u_2', erasures: [{ offset: 4, user: 'u_1' }] }], 2));
  const there = await insert(groupOf([{ first: 0, user: 'u_1' }], 1));
  expect(there.filter((line) => line.includes('u_1'))).toHaveLength(2);
});
