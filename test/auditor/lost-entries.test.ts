/** Entries of the ledger that are gone together with their blocks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  for (let i = 0; i < 3; i++) await scored.append(50);
  await (await scored.scored()).stop();
});
afterEach(async () => {
  await warehouse.close();
  await scored.remove();
});

test.each([
  [0, 50],
  [50, 100],
  [100, 150],
])('the block of offsets %i to %i is missed where neither the log nor the ledger has it', async (from, to) => {
  await scored.store(warehouse);
  const { end } = await scored.log.bounds('results', 0);
  await scored.log.deleteBefore('results', 0, end);
  expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ gaps: [] }] });
  await warehouse.command(`ALTER TABLE ntk.blocks DELETE WHERE first = ${from} SETTINGS mutations_sync = 2`);
  expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ gaps: [{ from, to }] }] });
});
