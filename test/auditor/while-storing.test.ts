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
async function repaired(log: EventLog = scored.log, repairId = 'mend'): Promise<StoreAudit> {
  const keptStatesOf = (): ReturnType<ScoredLog['keptStates']> => scored.keptStates();
  return auditStore({ log, warehouse, storedUser: (user) => user, authority: OPEN, keptStatesOf, repairId });
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

async function erase(user: string): Promise<void> {
  const time = new Date(scored.clock.ms).toISOString();
  const erasure = { specversion: '1.0', id: 'x', source: 'desk', type: 'ntk.erasure', subject: '*', time, data: { user } };
  const values = [Buffer.from(JSON.stringify(erasure))];
  await scored.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
}

test.each([
  ['stored, too', async () => scored.store(warehouse)],
  ['judged, and its rows removed before it is stored', async () => {}],
])('rows of a user whose erasure is just %s are neither missed nor put back', async (_, store) => {
  await scored.store(warehouse);
  let isFirst = true;
  const log = changed(scored.log, {
    async read(stream, ...args) {
      if (stream === 'access' && isFirst) {
        isFirst = false;
        await erase('u3');
        await scored.scored();
        await store();
        // As a writer does before it moves its position.
        await warehouse.command("ALTER TABLE ntk.access_results DELETE WHERE user = 'u3' SETTINGS mutations_sync = 2");
      }
      return scored.log.read(stream, ...args);
    },
  });
  const count = "SELECT count() AS rows, countIf(user = 'u3') AS erased FROM ntk.access_results";
  const [before] = await warehouse.query<{ rows: string }>(count);
  const found = await repaired(log);
  expect(found).toMatchObject({ ok: true, partitions: [{ missing: 0, unexpected: 0 }], repaired: NOTHING });
  const [after] = await warehouse.query<{ rows: string; erased: string }>(count);
  expect(after).toMatchObject({ erased: '0' });
  expect(found.partitions[0]!.erased).toBe(Number(before!.rows) - Number(after!.rows));
});

test('other rows that are gone while somebody has rows erased are put back', async () => {
  await scored.store(warehouse);
  await erase('u3');
  await scored.append(50);
  await scored.scored();
  await warehouse.command("ALTER TABLE ntk.access_results DELETE WHERE user IN ('u3', 'u4') SETTINGS mutations_sync = 2");
  const { partitions, repaired: mended } = await repaired();
  expect(partitions[0]!.missing).toBe(mended!.rowsInserted);
  expect(mended!.rowsInserted).toBeGreaterThan(5);
  expect(await warehouse.query('SELECT DISTINCT user FROM ntk.access_results ORDER BY user')).not.toContainEqual({ user: 'u3' });
  // Behind its erasure a user's rows are like others.
  await scored.store(warehouse);
  await warehouse.command("ALTER TABLE ntk.access_results DELETE WHERE user = 'u3' SETTINGS mutations_sync = 2");
  expect((await repaired(scored.log, 'again')).repaired!.rowsInserted).toBeGreaterThan(3);
  expect(await repaired()).toMatchObject({ ok: true, repaired: NOTHING });
});
