/** What is left of a ledger and of rows whose records or blocks the log no longer has. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  for (let i = 0; i < 3; i++) await scored.append(50);
  await (await scored.scored()).stop();
  await scored.store(warehouse);
  await scored.log.deleteBefore('results', 0, (await scored.log.bounds('results', 0)).end);
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
  expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ gaps: [] }] });
  await warehouse.command(`ALTER TABLE ntk.blocks DELETE WHERE first = ${from} SETTINGS mutations_sync = 2`);
  expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ gaps: [{ from, to }] }] });
});

/** The ledger's chain over the rows says that they are what they were. */
describe('rows whose records are gone, too', () => {
  beforeEach(() => scored.log.deleteBefore('access', 0, 150));

  const LAST = 'offset = (SELECT max(offset) FROM ntk.access_results)';
  const NOTHING = { missing: 0, doubled: 0, different: 0, unexpected: 0, unproved: [] };

  test('nothing is wrong where nobody did anything', async () => {
    expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ proof: 'chain', ...NOTHING }] });
  });

  test.each([
    ['changed', `ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE ${LAST}`, { different: 1 }],
    ['gone', `ALTER TABLE ntk.access_results DELETE WHERE ${LAST}`, { missing: 1 }],
  ])('the last row is known to be %s', async (_, statement, found) => {
    await warehouse.command(`${statement} SETTINGS mutations_sync = 2`);
    expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ ...NOTHING, ...found }] });
  });

  test('a row where there was none is known', async () => {
    await warehouse.command(
      `INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * REPLACE (toUInt64(0) AS offset) FROM (SELECT * FROM ntk.access_results WHERE ${LAST})`,
    );
    const { ok, partitions } = await scored.audit(warehouse);
    expect({ ok, unexpected: partitions[0]!.unexpected }).toEqual({ ok: false, unexpected: 1 });
  });
});
