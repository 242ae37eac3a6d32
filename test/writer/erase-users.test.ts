/** What users had erased, in the real engine: theirs alone, only what is before, however many they are; and nothing is told of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../services/platform/warehouse/migrations.ts';
import { type Warehouse, WarehouseError } from '../../services/platform/warehouse/warehouse.ts';
import { eraseUsers } from '../../services/writer/insert-group.ts';

const LOG_ID = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11';
const OTHER_LOG = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c12';
/** More than go into two mutations. */
const USERS = 230;

const folder = mkdtempSync(join(tmpdir(), 'ntk-erase-'));
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = openChdbWarehouse({ path: join(folder, 'clickhouse'), spoolDir: join(folder, 'spool') });
  await migrate(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

test('of each user all rows before the erasure go, of that partition and log, and no others', async () => {
  // Each user has a row at 0 to 3, times the number of users; so have users of another partition, and of another log.
  await warehouse.command(
    `INSERT INTO ntk.access_results (log_id, partition, offset, user, policy_hash)
      SELECT log_id, partition, number AS offset, concat('u', toString(number % ${USERS})), repeat('0', 16) FROM numbers(${4 * USERS}) AS numbers
      CROSS JOIN (SELECT arrayJoin([(toUUID('${LOG_ID}'), 0), (toUUID('${LOG_ID}'), 1), (toUUID('${OTHER_LOG}'), 0)]) AS of,
        of.1 AS log_id, of.2 AS partition) AS places`,
  );
  // The row of user i at the place of its erasure stays: half of them have one row erased, the others three.
  const rowsOf = (i: number): number => (i % 2 === 0 ? 1 : 3);
  const erasures = Array.from({ length: USERS - 1 }, (_, i) => ({ user: `u${i}`, offset: rowsOf(i) * USERS + i }));
  for (let times = 0; times < 2; times++) await eraseUsers(warehouse, LOG_ID, 0, erasures);
  const left = await warehouse.query<{ user: string; rows: string; first: string }>(
    `SELECT user, count() AS rows, min(offset) AS first FROM ntk.access_results
      WHERE log_id = '${LOG_ID}' AND partition = 0 GROUP BY user ORDER BY toUInt32(substring(user, 2))`,
  );
  const expected = erasures.map(({ user, offset }, i) => ({ user, rows: 4 - rowsOf(i), first: offset }));
  const kept = { user: `u${USERS - 1}`, rows: 4, first: USERS - 1 };
  expect(left.map(({ user, rows, first }) => ({ user, rows: Number(rows), first: Number(first) }))).toEqual([...expected, kept]);
  const [others] = await warehouse.query<{ rows: string }>(
    `SELECT count() AS rows FROM ntk.access_results WHERE NOT (log_id = '${LOG_ID}' AND partition = 0)`,
  );
  expect(Number(others!.rows)).toBe(2 * 4 * USERS);
});

test('of a refusal nothing is told but how many users it was about, whatever the engine repeats', async () => {
  await warehouse.command('RENAME TABLE ntk.access_results TO ntk.elsewhere');
  try {
    const told = await eraseUsers(warehouse, LOG_ID, 0, [{ user: 'u_secret', offset: 5 }]).catch((error: unknown) => error);
    expect(told).toBeInstanceOf(WarehouseError);
    expect((told as Error).message).toMatch(/^1 user cannot be erased from partition 0: \w+; ClickHouse's own log says more$/);
  } finally {
    await warehouse.command('RENAME TABLE ntk.elsewhere TO ntk.access_results');
  }
});
