/**
 * An older log was restored beside a ClickHouse that goes on behind it: verify says so, and repair makes them one again. And records that come
 * back from a copy when somebody has gone on without them.
 */
import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreAudit } from '../../services/auditor/audit-store.ts';
import { Recomputation } from '../../services/auditor/recompute.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { acceptGap } from '../../services/scorer/accept-gap.ts';
import { acceptLostBlocks } from '../../services/writer/accept-lost-blocks.ts';
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

describe('records that come back from a copy after somebody has gone on without them', () => {
  const NOTHING = { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };
  let copy: string;
  beforeEach(() => {
    copy = `${scored.path}.copy`;
  });

  /** What was removed from the log's beginning is there again. */
  async function restoreRecords(): Promise<void> {
    await scored.reopen(() => {
      const db = new DatabaseSync(scored.path);
      const columns = 'stream, partition, base_offset, count, value_bytes, appended_at_ms, origin, data';
      db.exec(`ATTACH '${copy}' AS copy;
        INSERT OR IGNORE INTO segments (${columns}) SELECT ${columns} FROM copy.segments WHERE stream = 'access'`);
      db.close();
    });
    expect((await scored.log.bounds('access', 0)).start).toBe(0);
  }

  const mended = (): Promise<StoreAudit> => audit('mend');

  test('change nothing of blocks that were given up: they stay a gap, and all else is proved', async () => {
    await judgeAndStore(100);
    for (let i = 0; i < 2; i++) await scored.append(50);
    await (await scored.scored()).stop();
    await scored.reopen(() => copyFileSync(scored.path, copy));
    await scored.log.deleteBefore('results', 0, (await scored.log.bounds('results', 0)).end);
    await scored.log.deleteBefore('access', 0, 200);
    const words = { by: 'anna', reason: '', clock: scored.clock };
    expect((await acceptLostBlocks({ log: scored.log, warehouse, partition: 0, from: 100, to: 200, ...words })).status).toBe(
      'accepted',
    );
    // Of each day the last checkpoint is kept: here the one at the end of the gap.
    scored.clock.ms += 2 * 86_400_000;
    await judgeAndStore(50);
    const acceptedGaps = [{ from: 100, to: 200 }];
    const clean = { missing: 0, different: 0, unexpected: 0, unproved: [], acceptedGaps };
    expect(await audit()).toMatchObject({ ok: true, partitions: [{ proof: 'both', provedByLogFrom: 200, ...clean }] });
    await restoreRecords();
    expect(await mended()).toMatchObject({ ok: true, partitions: [{ proof: 'log', ...clean }], repaired: NOTHING });
  });

  test('change nothing of what was judged without them: it is proved, and explained, from the checkpoint behind the gap', async () => {
    await judgeAndStore(100);
    for (let i = 0; i < 2; i++) await scored.append(55);
    await scored.reopen(() => copyFileSync(scored.path, copy));
    await scored.log.deleteBefore('access', 0, 155);
    expect((await acceptGap({ ...scored.options(), from: 100, to: 155, by: 'anna', reason: '' })).status).toBe('accepted');
    await judgeAndStore(50);
    await restoreRecords();
    const clean = { missing: 0, different: 0, unexpected: 0, unproved: [], acceptedGaps: [{ from: 100, to: 155 }] };
    const proved = { proof: 'both', provedByLogFrom: 155, ...clean };
    expect(await mended()).toMatchObject({ ok: true, partitions: [proved], repaired: NOTHING });
    const offsets = (await warehouse.query<{ offset: string }>('SELECT offset FROM ntk.access_results ORDER BY offset')).map(
      ({ offset }) => Number(offset),
    );
    for (const offset of [offsets[0]!, offsets.at(-1)!]) {
      const options = { log: scored.log, warehouse, partition: 0, storedUser: (user: string) => user, authority: OPEN };
      const keptStates = await scored.keptStates();
      const explained = await new Recomputation({ ...options, keptStates }).explain(new Set([offset]));
      expect(explained.get(offset)).toMatchObject({ isProved: true });
    }
  });
});
