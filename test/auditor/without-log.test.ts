/** What is left of a ledger and of rows whose records or blocks the log no longer has. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditWithoutLog } from '../../services/auditor/audit-without-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { intercepted, Killed } from '../crash/interruptions.ts';
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
afterEach(() => scored.remove());

test.each([
  [0, 50],
  [50, 100],
  [100, 150],
])('the block of offsets %i to %i is missed where neither the log nor the ledger has it', async (from, to) => {
  expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ gaps: [] }] });
  await warehouse.command(`ALTER TABLE ntk.blocks DELETE WHERE first = ${from} SETTINGS mutations_sync = 2`);
  expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ gaps: [{ from, to }] }] });
});

test('rows behind all that is stored are all found, however many they are', async () => {
  await warehouse.command(
    'INSERT INTO ntk.access_results SELECT * REPLACE (number + 150 AS offset) EXCEPT number FROM (SELECT * FROM ntk.access_results ORDER BY offset LIMIT 1) AS one, numbers(20001) AS many',
  );
  expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ unexpected: 20_001, missing: 0 }] });
});

describe('an entry that lies there twice, of a block that the log no longer has, nor its records', () => {
  const ENTRY = 'SELECT * FROM ntk.blocks WHERE first = 50';
  let stored: unknown[];
  beforeEach(async () => {
    await scored.log.deleteBefore('access', 0, 150);
    // The engine's own merges would clear it away, sooner or later.
    await warehouse.command(
      'ALTER TABLE ntk.blocks MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1',
    );
    await warehouse.command('ALTER TABLE ntk.blocks UPDATE erasures = 3 WHERE first = 50 SETTINGS mutations_sync = 2');
    stored = await warehouse.query(ENTRY);
    await warehouse.command(`INSERT INTO ntk.blocks SETTINGS insert_deduplicate = 0 ${ENTRY}`);
  });

  test('is mended with all that it says', async () => {
    expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ ledgerDoubled: 1, ledgerDifferent: 0 }] });
    expect(await scored.audit(warehouse, 'mend')).toMatchObject({ repaired: { ledgerEntries: 1, beyondRepair: 0 } });
    expect(await scored.audit(warehouse)).toMatchObject({ ok: true });
    expect(await warehouse.query(ENTRY)).toEqual(stored);
  });

  test.each(['before', 'after'] as const)('is never gone, whoever dies %s what mends it', async (side) => {
    for (const operation of ['insert blocks', 'command']) {
      const die = (found: string): void => {
        if (found === operation) throw new Killed();
      };
      await expect(scored.audit(intercepted(warehouse, { [side]: die }), operation)).rejects.toBeInstanceOf(Killed);
      expect(await warehouse.query(`${ENTRY.replace('blocks', 'blocks FINAL')}`)).toEqual(stored);
    }
    await scored.audit(warehouse, 'mend');
    expect(await scored.audit(warehouse)).toMatchObject({ ok: true });
    expect(await warehouse.query(ENTRY)).toEqual(stored);
  });
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

  test('a row that is there twice is known, and one that was changed leaves those behind it unproved', async () => {
    await warehouse.command(
      `INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * FROM (SELECT * FROM ntk.access_results WHERE ${LAST})`,
    );
    expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ ...NOTHING, doubled: 1 }] });
    const first = 'offset = (SELECT min(offset) FROM ntk.access_results)';
    await warehouse.command(`ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE ${first} SETTINGS mutations_sync = 2`);
    const why = 'the chain cannot be entered inside a group of offsets';
    const unproved = [
      { from: 50, to: 100, why },
      { from: 100, to: 150, why },
    ];
    expect((await scored.audit(warehouse)).partitions).toMatchObject([{ missing: 0, different: 1, unexpected: 0, unproved }]);
  });

  test('rows are missing that are gone behind the last erasure, whatever was erased before', async () => {
    await warehouse.command('ALTER TABLE ntk.blocks UPDATE erasures = 1 WHERE first = 50 SETTINGS mutations_sync = 2');
    await warehouse.command(`ALTER TABLE ntk.access_results DELETE WHERE ${LAST} SETTINGS mutations_sync = 2`);
    expect((await scored.audit(warehouse)).partitions).toMatchObject([{ ...NOTHING, missing: 1, erased: 0 }]);
  });

  test('rows that may have been erased are not missing, and nothing of their block is proved', async () => {
    await warehouse.command('ALTER TABLE ntk.blocks UPDATE erasures = 1 WHERE first = 100 SETTINGS mutations_sync = 2');
    await warehouse.command(`ALTER TABLE ntk.access_results DELETE WHERE ${LAST} SETTINGS mutations_sync = 2`);
    const unproved = [{ from: 100, to: 150, why: 'rows were erased, and the chain cannot go round them' }];
    expect(await scored.audit(warehouse)).toMatchObject({
      ok: false,
      partitions: [{ ledgerDifferent: 0, missing: 0, erased: 1, unproved }],
    });
  });

  test.each([
    ['the first', 0, 50],
    ['one in the middle', 50, 100],
  ])('rows of an entry that is gone too, %s, are not taken for strange, and repair leaves them', async (_, from, to) => {
    await warehouse.command(`ALTER TABLE ntk.blocks DELETE WHERE first = ${from} SETTINGS mutations_sync = 2`);
    const before = await warehouse.query('SELECT * FROM ntk.access_results ORDER BY offset');
    const { ok, partitions, repaired } = await scored.audit(warehouse, 'mend');
    expect({ ok, gaps: partitions[0]!.gaps, repaired }).toMatchObject({
      ok: false,
      gaps: [{ from, to }],
      repaired: { rowsRemoved: 0, rowsInserted: 0 },
    });
    expect(partitions[0]).toMatchObject({ missing: 0, different: 0, unexpected: 0 });
    expect(await warehouse.query('SELECT * FROM ntk.access_results ORDER BY offset')).toEqual(before);
  });

  test('a row where there was none is known', async () => {
    await warehouse.command(
      `INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * REPLACE (toUInt64(0) AS offset) FROM (SELECT * FROM ntk.access_results WHERE ${LAST})`,
    );
    const { ok, partitions } = await scored.audit(warehouse);
    expect({ ok, unexpected: partitions[0]!.unexpected }).toEqual({ ok: false, unexpected: 1 });
  });
});

describe('where the log itself is not at hand', () => {
  const LAST = 'offset = (SELECT max(offset) FROM ntk.access_results)';
  const NOTHING = { missing: 0, different: 0, unexpected: 0, ledgerDifferent: 0, gaps: [], unproved: [] };
  const audited = (): ReturnType<typeof auditWithoutLog> => auditWithoutLog({ logId: scored.log.logId, warehouse });

  test('nothing is proved, and no fault found where nobody did anything', async () => {
    const partition = { partition: 0, proof: 'chain', provedByLogFrom: 150, ledgerEntries: 3, ...NOTHING };
    expect(await audited()).toMatchObject({ ok: false, isLogAtHand: false, partitions: [partition] });
  });

  test.each([
    ['a changed row', `ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE ${LAST}`, { different: 1 }],
    ['a row that is gone', `ALTER TABLE ntk.access_results DELETE WHERE ${LAST}`, { missing: 1 }],
    ['a changed entry', 'ALTER TABLE ntk.blocks UPDATE duplicates = 7 WHERE first = 50', { ledgerDifferent: 1 }],
    ['an entry that is gone', 'ALTER TABLE ntk.blocks DELETE WHERE first = 0', { gaps: [{ from: 0, to: 50 }] }],
  ])('%s is found', async (_, statement, found) => {
    await warehouse.command(`${statement} SETTINGS mutations_sync = 2`);
    expect((await audited()).partitions).toMatchObject([found]);
  });

  test('rows behind the last entry of the ledger, and of a partition without any, are said to have nobody to speak for them', async () => {
    const copied = (change: string): Promise<void> =>
      warehouse.command(
        `INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * REPLACE (${change}) FROM (SELECT * FROM ntk.access_results WHERE ${LAST})`,
      );
    await copied('toUInt64(180) AS offset');
    await copied('toUInt16(3) AS partition');
    const why = 'the ledger has no entry for the rows there';
    expect((await audited()).partitions).toMatchObject([
      { partition: 0, ...NOTHING, unproved: [{ from: 150, to: 181, why }] },
      { partition: 3, ...NOTHING, unproved: [{ from: 0, to: 181, why }] },
    ]);
  });
});
