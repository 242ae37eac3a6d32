/** A block, and with it the ledger, that says something else of its records than the log: chained as it should be, and not proved. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { decodeBlock, entryHash, figuresOf, FIRST_ENTRY_HASH } from '../../services/domain/results/block.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ScoredLog } from '../crash/scored-log.ts';

/** Its folder has the warehouse for the logs of all tests. */
let home: ScoredLog;
let warehouse: Warehouse;
let scored: ScoredLog;
beforeAll(async () => {
  home = await ScoredLog.make();
  warehouse = await home.openWarehouse();
});
afterAll(() => home.remove());
beforeEach(async () => {
  scored = await ScoredLog.make();
  await scored.append(40);
  await scored.scored();
});
afterEach(() => scored.remove());

describe('the only block of a partition', () => {
  test('is proved as it was written', async () => {
    await scored.store(warehouse);
    expect(await scored.audit(warehouse)).toMatchObject({ ok: true, partitions: [{ proof: 'log', unproved: [] }] });
  });

  test.each<readonly [string, (header: BlockHeader) => Partial<BlockHeader>]>([
    ['how many accesses it has', ({ accesses }) => ({ accesses: accesses + 1 })],
    ['how many were duplicates', ({ duplicates }) => ({ duplicates: duplicates + 1 })],
    ['how many facts were stale', ({ staleFacts }) => ({ staleFacts: staleFacts + 1 })],
    ['how many heartbeats came', ({ heartbeats }) => ({ heartbeats: heartbeats + 1 })],
    ['how many copies of policies', ({ policyCopies }) => ({ policyCopies: policyCopies + 1 })],
    ['how much of it was live', ({ liveRecords }) => ({ liveRecords: liveRecords + 1 })],
    ['which facts it holds', ({ facts }) => ({ facts: { ...facts, 'ntk.consent': (facts['ntk.consent'] ?? 0) + 1 } })],
    ['what was rejected', () => ({ rejects: { invalid_json: 1 } })],
    ['who had rows erased', () => ({ erasures: [{ offset: 1, user: 'nobody' }] })],
    ['when its first event was', ({ eventTimeMinMs }) => ({ eventTimeMinMs: eventTimeMinMs! + 1 })],
    ['when its last event was', ({ eventTimeMaxMs }) => ({ eventTimeMaxMs: eventTimeMaxMs! - 1 })],
    ['what its rows are', () => ({ rowsHash: 'a'.repeat(64) })],
  ])('is not proved where it says otherwise %s', async (what, change) => {
    const { header } = decodeBlock((await scored.log.last('results', 0))!.value);
    const changed = { ...header, ...change(header) };
    await scored.changeLastHeader({ ...changed, entryHash: entryHash(FIRST_ENTRY_HASH, figuresOf(changed)) });
    await scored.reopen();
    await scored.store(warehouse);
    const why = `folding the log again gives other ${what === 'what its rows are' ? 'rows' : 'figures'} than its block says`;
    expect(await scored.audit(warehouse)).toMatchObject({ ok: false, partitions: [{ unproved: [{ from: 0, to: 40, why }] }] });
  });
});

test('what the log ends before is not proved; what it still has of the same block, and all before, is compared', async () => {
  await scored.append(20);
  await scored.append(20);
  await scored.scored();
  await scored.append(20);
  await scored.scored();
  await scored.store(warehouse);
  await scored.reopen(() => scored.setEnd(60));
  const why = 'the log ends before';
  const unproved = [{ from: 60, to: 100, why }];
  const found = { ok: false, partitions: [{ missing: 0, different: 0, unexpected: 0, unproved }] };
  expect(await scored.audit(warehouse)).toMatchObject(found);
  const change = `ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE log_id = '${scored.log.logId}'`;
  await warehouse.command(`${change} AND offset IN (21, 51, 61) SETTINGS mutations_sync = 2`);
  expect(await scored.audit(warehouse)).toMatchObject({ partitions: [{ different: 2, unproved }] });
});
