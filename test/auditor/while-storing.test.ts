/** An audit beside a writer at work: what is stored behind what was stored when it began is there by right, and left alone. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditStore, type StoreAudit } from '../../services/auditor/audit-store.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';
import { changed, dyingAtCommit, Killed } from '../crash/interruptions.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  await scored.append(50);
  await scored.scored();
  await scored.store(warehouse);
  await scored.append(50);
  await scored.scored();
});
afterEach(() => scored.remove());

/** One that mends what it finds. */
async function repaired(log: EventLog = scored.log): Promise<StoreAudit> {
  const keptStatesOf = (): ReturnType<ScoredLog['keptStates']> => scored.keptStates();
  return auditStore({ log, warehouse, storedUser: (user) => user, authority: OPEN, keptStatesOf, repairId: 'mend' });
}

const NOTHING = { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };

test('what was stored since is neither wrong nor removed', async () => {
  let isFirst = true;
  const log = changed(scored.log, {
    async position(consumer, partition) {
      const position = await scored.log.position(consumer, partition);
      if (isFirst) {
        isFirst = false;
        await scored.store(warehouse);
      }
      return position;
    },
  });
  const partitions = [{ provedByLogFrom: 0, ledgerEntries: 1, unexpected: 0, ledgerUnexpected: 0 }];
  expect(await repaired(log)).toMatchObject({ ok: true, partitions, repaired: NOTHING });
  expect(await repaired()).toMatchObject({ ok: true, partitions: [{ ledgerEntries: 2, missing: 0 }], repaired: NOTHING });
});

test('what is inserted, and the position not moved behind it yet, is neither wrong nor removed', async () => {
  const limits = { rowsMax: 1_000, bytesMax: 64 * 1024 * 1024 };
  const writer = await PartitionWriter.take({ log: dyingAtCommit(scored.log, 2), warehouse, partition: 0, limits });
  await expect(writer.step()).rejects.toBeInstanceOf(Killed);
  const [stored] = await warehouse.query<{ last: string }>('SELECT max(offset) AS last FROM ntk.access_results');
  expect(Number(stored!.last)).toBeGreaterThan(50);
  const partitions = [{ ledgerEntries: 1, unexpected: 0, ledgerUnexpected: 0 }];
  expect(await repaired()).toMatchObject({ ok: true, partitions, repaired: NOTHING });
  await writer.release();
});
