/** A log that gives other rows than were judged: with another user key, or changed by somebody. Repair leaves what is stored as it is. */
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditStore, type StoreAudit } from '../../services/auditor/audit-store.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { encodeSegments } from '../../services/platform/log/segment.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from './scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
  for (let i = 0; i < 4; i++) await scored.append(50);
  await (await scored.scored()).stop();
});
afterEach(() => scored.remove());

const NOTHING = { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };

async function repaired(storedUser: (user: string) => string): Promise<StoreAudit> {
  const keptStatesOf = (): ReturnType<ScoredLog['keptStates']> => scored.keptStates();
  return auditStore({ log: scored.log, warehouse, storedUser, authority: OPEN, keptStatesOf, repairId: 'mend' });
}

const stored = (): Promise<unknown[]> => warehouse.query('SELECT * FROM ntk.access_results ORDER BY offset');
const damage = (change: string): Promise<void> =>
  warehouse.command(`ALTER TABLE ntk.access_results ${change} SETTINGS mutations_sync = 2`);
const firstFrom = (offset: number): string => `offset = (SELECT min(offset) FROM ntk.access_results WHERE offset >= ${offset})`;

describe('with another user key', () => {
  test('rows that are there stay, and those that a user had erased do not come back', async () => {
    const time = new Date(scored.clock.ms).toISOString();
    const erasure = {
      specversion: '1.0',
      id: 'erase',
      source: 'desk',
      type: 'ntk.erasure',
      subject: '*',
      time,
      data: { user: 'u3' },
    };
    const values = [Buffer.from(JSON.stringify(erasure))];
    await scored.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
    await (await scored.scored()).stop();
    await scored.store(warehouse);
    const before = await stored();
    const why = 'folding the log again gives other rows than its block says';
    const { ok, partitions, repaired: mended } = await repaired((user) => `x${user}`);
    expect({ ok, mended }).toEqual({ ok: false, mended: NOTHING });
    expect(partitions[0]).toMatchObject({
      different: before.length,
      unproved: expect.arrayContaining([{ from: 0, to: 50, why }]),
    });
    expect(await stored()).toEqual(before);
    expect((await scored.audit(warehouse)).ok).toBe(true);
  });
});

/** What stands in a segment of the log's file, replaced by somebody. */
async function changeSegment(stream: 'access' | 'results', base: number, values: readonly Buffer[]): Promise<void> {
  const [segment] = encodeSegments(values);
  await scored.reopen(() => {
    const db = new DatabaseSync(scored.path);
    const { changes } = db
      .prepare('UPDATE segments SET data = ?, value_bytes = ? WHERE stream = ? AND base_offset = ?')
      .run(segment!.data, segment!.valueBytes, stream, base);
    db.close();
    expect(changes).toBe(1);
  });
}

/** The first user that is named, of a record or in the rows of a block, is somebody else. */
const ofAnother = (value: Buffer): Buffer => Buffer.from(value.toString('latin1').replace(/u\d(?="|[^]wx\.)/, 'u9'), 'latin1');

test('where a record was changed in the log, rows before it are mended, and of the others only what is wrong is said', async () => {
  await scored.store(warehouse);
  const values = (await scored.values('access')).slice(50, 100);
  values[20] = ofAnother(values[20]!);
  await changeSegment('access', 50, values);
  await damage(`DELETE WHERE ${firstFrom(25)}`);
  await damage(`DELETE WHERE ${firstFrom(125)}`);
  const before = await stored();
  const found = await scored.audit(warehouse, 'mend');
  const partitions = [{ missing: 2, different: 1, unproved: [{ from: 50, to: 100 }, { from: 100 }, { from: 150 }] }];
  expect(found).toMatchObject({ ok: false, partitions, repaired: { ...NOTHING, rowsInserted: 1 } });
  const after = await stored();
  expect(after).toHaveLength(before.length + 1);
  expect(after).toEqual(expect.arrayContaining(before));
});

test('where a row of a block was changed in the log, which no longer has its records, stored rows of its other blocks are mended', async () => {
  await scored.store(warehouse);
  await scored.log.deleteBefore('access', 0, 200);
  await changeSegment('results', 1, [ofAnother((await scored.values('results'))[1]!)]);
  for (const from of [25, 80, 125]) await damage(`DELETE WHERE ${firstFrom(from)}`);
  const before = await stored();
  const why = 'the rows of its block in the log do not give its hash';
  const found = await scored.audit(warehouse, 'mend');
  const partitions = [{ missing: 3, different: 1, unproved: expect.arrayContaining([{ from: 50, to: 100, why }]) }];
  expect(found).toMatchObject({ ok: false, partitions, repaired: { ...NOTHING, rowsInserted: 2 } });
  const after = await stored();
  expect(after).toHaveLength(before.length + 2);
  expect(after).toEqual(expect.arrayContaining(before));
});
