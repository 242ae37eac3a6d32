/** A copy of a data folder beside the ClickHouse of its original: nothing of the original's is written over, however alike the two are. */
import { copyFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ForeignResults } from '../../services/writer/foreign-results.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

const copy = (): string => `${scored.path}.copy`;
const judged = async (): Promise<void> => (await scored.scored()).stop();
const stored = async (): Promise<unknown[]> => warehouse.query('SELECT offset, event_id FROM ntk.access_results ORDER BY offset');

/** The original goes on from here; then the copy that was made before does. */
async function copied(original: () => Promise<void>): Promise<void> {
  await scored.reopen(() => copyFileSync(scored.path, copy()));
  await original();
  await scored.reopen(() => copyFileSync(copy(), scored.path));
}

test('a block of the copy that ends where one of the original does is not taken for it', async () => {
  await scored.append(50);
  await judged();
  await scored.store(warehouse);
  await copied(async () => {
    await scored.append(50);
    await judged();
    await scored.store(warehouse);
  });
  const before = await stored();
  await scored.append(50);
  await judged();
  await expect(scored.store(warehouse)).rejects.toBeInstanceOf(ForeignResults);
  expect(await stored()).toEqual(before);
});

test('a block that both have is stored already by who has gone on behind it', async () => {
  await scored.append(50);
  await judged();
  await copied(async () => {
    await scored.append(50);
    await judged();
    await scored.store(warehouse);
  });
  const before = await stored();
  await expect(scored.store(warehouse)).rejects.toBeInstanceOf(ForeignResults);
  expect(await stored()).toEqual(before);
  expect((await scored.log.position('writer', 0))?.note).not.toContain('"next":50');
});
