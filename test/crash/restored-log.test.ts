/** An older log was restored beside a ClickHouse that goes on behind it: verify says so, and repair makes them one again. */
import { copyFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreAudit } from '../../services/auditor/audit-store.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from './scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

async function judgeAndStore(records: number): Promise<void> {
  await scored.append(records);
  await (await scored.scored()).stop();
  await scored.store(warehouse);
}

const audit = (repairId: string | null = null): Promise<StoreAudit> => scored.audit(warehouse, repairId);

test.each([
  ['nobody has judged them', async () => {}],
  ['they are judged, but not stored', async () => void (await scored.scored())],
])('rows and entries of offsets that the log has given again since are not taken for its own: %s', async (_, judge) => {
  await judgeAndStore(40);
  const copy = `${scored.path}.copy`;
  await scored.reopen(() => copyFileSync(scored.path, copy));
  await judgeAndStore(30);
  await scored.reopen(() => copyFileSync(copy, scored.path));
  await scored.append(60);
  await judge();

  const found = await audit();
  expect([found.ok, found.partitions[0]!.unexpected > 0, found.partitions[0]!.ledgerUnexpected]).toEqual([false, true, 1]);
  await audit('mend');
  expect((await audit()).ok).toBe(true);
  await scored.scored();
  await scored.store(warehouse);
  const { ok, partitions } = await audit();
  expect([ok, partitions[0]!.provedByLogFrom, partitions[0]!.ledgerEntries]).toEqual([true, 0, 3]);
});
