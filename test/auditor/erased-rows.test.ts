/** Rows that a user had erased, where their records are gone from the log, or the blocks that say who it was. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

async function erase(user: string, id = `erase ${user}`): Promise<void> {
  const time = new Date(scored.clock.ms).toISOString();
  const erasure = {
    specversion: '1.0',
    id,
    source: 'desk',
    type: 'ntk.erasure',
    subject: '*',
    time,
    data: { user },
  };
  const values = [Buffer.from(JSON.stringify(erasure))];
  await scored.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: 2 }] });
}

const NOTHING = { missing: 0, different: 0, unexpected: 0, unproved: [] };

describe('of blocks whose records are gone', () => {
  beforeEach(async () => {
    await scored.append(50);
    await scored.append(50);
    await (await scored.scored()).stop();
    await erase('u3');
    await scored.append(50);
    // The checkpoint at 100 stays the newest.
    await scored.scored();
    await scored.store(warehouse);
    await scored.log.deleteBefore('access', 0, 100);
  });

  test('are neither missed nor put back', async () => {
    const [u3] = await warehouse.query<{ rows: string }>("SELECT count() AS rows FROM ntk.access_results WHERE user = 'u3'");
    const found = await scored.audit(warehouse, 'mend');
    const repaired = { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };
    expect(found).toMatchObject({ ok: true, partitions: [{ proof: 'both', ...NOTHING, notErased: 0 }], repaired });
    // Those of before the erasure alone.
    expect(found.partitions[0]!.erased).toBeGreaterThan(5);
    expect(Number(u3!.rows)).toBeGreaterThan(2);
  });

  test('are removed where they are there again, and nothing else is', async () => {
    await warehouse.command(
      'INSERT INTO ntk.access_results SELECT * REPLACE (toUInt64(3) AS offset) FROM (SELECT * FROM ntk.access_results ORDER BY offset LIMIT 1)',
    );
    const [before] = (await scored.audit(warehouse)).partitions;
    expect(before).toMatchObject({ ...NOTHING, notErased: 1 });
    expect(await scored.audit(warehouse, 'mend')).toMatchObject({ repaired: { rowsInserted: 0, rowsRemoved: 1 } });
    expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ erased: before!.erased + 1, notErased: 0 }] });
  });
});

/** The blocks name who had rows erased; results may be kept for a shorter time than accesses are. */
describe('where the log has the records, and no longer the blocks', () => {
  async function loseBlocks(): Promise<void> {
    await scored.log.deleteBefore('results', 0, (await scored.log.bounds('results', 0)).end);
  }

  test.each([
    ['from its beginning', 0],
    ['from a checkpoint', 50],
  ])('are neither missed nor put back when it is folded again %s', async (_, from) => {
    await scored.append(50);
    await (await scored.scored()).stop();
    scored.clock.ms += 86_400_000;
    await scored.append(50);
    await erase('u3');
    await scored.append(50);
    await erase('u5');
    await erase('u3', 'again');
    await (await scored.scored()).stop();
    await scored.store(warehouse);
    await loseBlocks();
    await scored.log.deleteBefore('access', 0, from);
    const [before] = await warehouse.query(
      "SELECT count() AS rows, countIf(user IN ('u3', 'u5')) AS erased FROM ntk.access_results",
    );
    expect(before).toMatchObject({ erased: '0' });
    const found = await scored.audit(warehouse, 'mend');
    expect(found.repaired).toEqual({ rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 });
    const [partition] = found.partitions;
    // Where records are gone, nobody knows whose rows of theirs are missing by right.
    const unproved = from === 0 ? [] : [{ from: 0, to: 50, why: 'rows were erased, and the chain cannot go round them' }];
    expect(partition).toMatchObject({ provedByLogFrom: from, ...NOTHING, unproved, notErased: 0 });
    expect(partition!.erased).toBeGreaterThan(10);
    expect(
      await warehouse.query("SELECT count() AS rows, countIf(user IN ('u3', 'u5')) AS erased FROM ntk.access_results"),
    ).toEqual([before]);
  });

  test('another number of them than the ledger says is not proved, and they are not put back either', async () => {
    await scored.append(50);
    await erase('u3');
    await (await scored.scored()).stop();
    await scored.store(warehouse);
    await loseBlocks();
    await warehouse.command('ALTER TABLE ntk.blocks UPDATE erasures = 2 WHERE first = 50 SETTINGS mutations_sync = 2');
    const why = 'folding the log again gives other figures than its block says';
    const partition = { ...NOTHING, unproved: [{ from: 50, to: 51, why }] };
    const repaired = { rowsInserted: 0, rowsRemoved: 0 };
    expect(await scored.audit(warehouse, 'mend')).toMatchObject({ ok: false, partitions: [partition], repaired });
  });

  test('are not put back when the block that erased them was lost and made again', async () => {
    await scored.append(50);
    await (await scored.scored()).stop();
    await scored.store(warehouse);
    await erase('u3');
    await scored.append(50);
    await (await scored.scored()).stop();
    await loseBlocks();
    expect((await scored.remade(warehouse)).status).toBe('remade');
    const found = await scored.audit(warehouse, 'mend');
    expect(found).toMatchObject({ ok: true, partitions: [NOTHING], repaired: { rowsInserted: 0, rowsRemoved: 0 } });
    expect(found.partitions[0]!.erased).toBeGreaterThan(3);
  });
});
