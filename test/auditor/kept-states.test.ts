/** From which of a scorer's checkpoints a partition is folded again to be proved, where the log's beginning is gone. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreAudit } from '../../services/auditor/audit-store.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { decodeManifest, encodeManifest, type Manifest, manifestKey } from '../../services/scorer/manifest.ts';
import { ScoredLog } from '../crash/scored-log.ts';

const DAY_MS = 86_400_000;

let scored: ScoredLog;
let warehouse: Warehouse;
/** Checkpoints at 50, 100, 150 and 200, of a day each; the records up to 50 are gone. */
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  for (let day = 0; day < 4; day++) {
    await scored.append(50);
    await (await scored.scored()).stop();
    scored.clock.ms += DAY_MS;
  }
  await scored.store(warehouse);
  await scored.log.deleteBefore('access', 0, 50);
});
afterEach(() => scored.remove());

async function proved(): Promise<StoreAudit> {
  const audit = await scored.audit(warehouse);
  expect(audit).toMatchObject({ ok: true, partitions: [{ missing: 0, different: 0, unexpected: 0, unproved: [] }] });
  return audit;
}

async function changeManifest(offset: number, change: Partial<Manifest>): Promise<void> {
  const key = manifestKey(offset);
  const manifest = decodeManifest((await scored.log.getKeyed('checkpoints', 0, key))!)!;
  await scored.putCheckpoint(key, encodeManifest({ ...manifest, ...change }));
}

test('it is the oldest that the log still reaches back to', async () => {
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'both', provedByLogFrom: 50, chainBecause: 'log_gone' }] });
  // One that it no longer reaches back to stays until the next is written.
  await scored.log.deleteBefore('access', 0, 100);
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'both', provedByLogFrom: 100 }] });
  // Where the newest stands at the end of all, nothing is left to be folded.
  await scored.log.deleteBefore('access', 0, 200);
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'chain', provedByLogFrom: 200 }] });
});

test('one that cannot be read is passed over', async () => {
  for (const key of await scored.checkpointKeys('page/head/'))
    if (key.includes('/50/')) await scored.putCheckpoint(key, Buffer.from('damaged'));
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'both', provedByLogFrom: 100 }] });
});

test.each<readonly [string, Partial<Manifest>]>([
  ['whose rows are other ones than its block says', { rowsHash: 'a'.repeat(64) }],
  ['of another engine', { engine: 1 }],
  ['of another catalogue', { catalogueHash: 'other' }],
  ['of another authority', { authority: 'signed:other' }],
])('one %s is passed over', async (_, change) => {
  await changeManifest(50, change);
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'both', provedByLogFrom: 100 }] });
});

test('none at all, and all is proved by the chain', async () => {
  for (const key of await scored.checkpointKeys('manifest/')) await scored.putCheckpoint(key, null);
  expect(await proved()).toMatchObject({ partitions: [{ proof: 'chain', provedByLogFrom: 200, chainBecause: 'log_gone' }] });
});
