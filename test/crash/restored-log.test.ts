/** An older log was restored beside a ClickHouse that goes on behind it: verify says so, and repair makes them one again. */
import { copyFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditStore, type StoreAudit } from '../../services/auditor/audit-store.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';
import { ScoredLog } from './scored-log.ts';

const storedUser = (user: string): string => user;

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(async () => {
  await warehouse.close();
  await scored.remove();
});

async function judgeAndStore(records: number): Promise<void> {
  await scored.append(records);
  await (await scored.scored()).stop();
  await store();
}

async function store(): Promise<void> {
  const limits = { rowsMax: 100_000, bytesMax: 64 * 1024 * 1024 };
  const writer = await PartitionWriter.take({ log: scored.log, warehouse, partition: 0, limits });
  while ((await writer.step()).status === 'written');
  await writer.release();
}

/** Closed, so that the file is all there is of it. */
async function withClosedLog(work: () => void): Promise<void> {
  await scored.log.close();
  work();
  scored.log = await openSqliteLog({ path: scored.path, create: false, clock: scored.clock });
}

async function audit(repairId: string | null = null): Promise<StoreAudit> {
  const keptStatesOf = async (): Promise<CheckpointStore> => {
    const checkpoints = new CheckpointStore(scored.log, 0);
    await checkpoints.open();
    return checkpoints;
  };
  return auditStore({ log: scored.log, warehouse, storedUser, authority: OPEN, keptStatesOf, repairId });
}

test.each([
  ['nobody has judged them', async () => {}],
  ['they are judged, but not stored', async () => void (await scored.scored())],
])('rows and entries of offsets that the log has given again since are not taken for its own: %s', async (_, judge) => {
  await judgeAndStore(40);
  const copy = `${scored.path}.copy`;
  await withClosedLog(() => copyFileSync(scored.path, copy));
  await judgeAndStore(30);
  await withClosedLog(() => copyFileSync(copy, scored.path));
  await scored.append(60);
  await judge();

  const found = await audit();
  expect([found.ok, found.partitions[0]!.unexpected > 0, found.partitions[0]!.ledgerUnexpected]).toEqual([false, true, 1]);
  await audit('mend');
  expect((await audit()).ok).toBe(true);
  await scored.scored();
  await store();
  const { ok, partitions } = await audit();
  expect([ok, partitions[0]!.provedByLogFrom, partitions[0]!.ledgerEntries]).toEqual([true, 0, 3]);
});
