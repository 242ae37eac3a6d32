/** Rows that a user had erased, of blocks whose records are gone from the log: the erasure may lie where the log can still be folded. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  await scored.append(50);
  await scored.append(50);
  await (await scored.scored()).stop();
  const time = new Date(scored.clock.ms).toISOString();
  const data = { user: 'u3' };
  const erasure = { specversion: '1.0', id: 'erase', source: 'desk', type: 'ntk.erasure', subject: '*', time, data };
  const values = [Buffer.from(JSON.stringify(erasure))];
  await scored.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
  await scored.append(50);
  // The checkpoint at 100 stays the newest.
  await scored.scored();
  await scored.store(warehouse);
  await scored.log.deleteBefore('access', 0, 100);
});
afterEach(() => scored.remove());

const NOTHING = { missing: 0, different: 0, unexpected: 0, unproved: [] };

test('are neither missed nor put back', async () => {
  const [u3] = await warehouse.query<{ rows: string }>("SELECT count() AS rows FROM ntk.access_results WHERE user = 'u3'");
  const found = await scored.audit(warehouse, 'mend');
  const repaired = { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };
  expect(found).toMatchObject({ ok: true, partitions: [{ proof: 'both', ...NOTHING, notErased: 0 }], repaired });
  // Those of before the erasure alone.
  expect(found.partitions[0]!.erased).toBeGreaterThan(5);
  expect(Number(u3!.rows)).toBeGreaterThan(2);
});

test('are removed where they are there again, and nothing else is', async () => {
  await warehouse.command(
    'INSERT INTO ntk.access_results SELECT * REPLACE (toUInt64(3) AS offset) FROM (SELECT * FROM ntk.access_results ORDER BY offset LIMIT 1)',
  );
  const [before] = (await scored.audit(warehouse)).partitions;
  expect(before).toMatchObject({ ...NOTHING, notErased: 1 });
  expect(await scored.audit(warehouse, 'mend')).toMatchObject({ repaired: { rowsInserted: 0, rowsRemoved: 1 } });
  expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ erased: before!.erased + 1, notErased: 0 }] });
});
