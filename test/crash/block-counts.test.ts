/** Counts by block give what counting the rows gives, whatever happened to the writer, to the rows and to the ledger. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HEADLINE_SQL } from '../../services/domain/report/queries.ts';
import { auditStore } from '../../services/auditor/audit-store.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { type Counts, readCounts } from '../../services/platform/warehouse/block-counts.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { CheckpointStore } from '../../services/scorer/checkpoint-store.ts';
import { acceptLostBlocks } from '../../services/writer/accept-lost-blocks.ts';
import { PartitionWriter, type PartitionWriterOptions } from '../../services/writer/partition-writer.ts';
import { dyingAtCommit, intercepted, Killed } from './interruptions.ts';
import { ScoredLog } from './scored-log.ts';

/** Smaller than two blocks of the scored log, which have 50 records: several groups. */
const LIMITS = { rowsMax: 60, bytesMax: 1024 * 1024 };
const ALL = { fromUs: 0, toUs: Date.UTC(2100, 0) * 1000 };

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

const options = (): PartitionWriterOptions => ({ log: scored.log, warehouse, partition: 0, limits: LIMITS, countsBlocks: true });

async function writeAll(over: Partial<PartitionWriterOptions> = {}): Promise<void> {
  const writer = await PartitionWriter.take({ ...options(), ...over });
  while ((await writer.step()).status === 'written');
}

async function judged(records = 300): Promise<void> {
  await scored.append(records);
  await scored.scored();
}

async function erase(user: string): Promise<void> {
  const common = { specversion: '1.0', id: `erase ${user}`, source: 'host/test', type: 'ntk.erasure', subject: '*' };
  const record = { ...common, time: '2026-03-01T01:00:00Z', data: { user } };
  await scored.log.commit({
    appends: [{ stream: 'access', partition: 0, values: [Buffer.from(JSON.stringify(record))], origin: 2 }],
  });
}

/** By blocks and by rows, which have to agree; answers the counts. */
async function agreed(
  range: { readonly fromUs: number; readonly toUs: number } = ALL,
): Promise<Counts & { readonly accesses: number }> {
  const [{ next }] = (await warehouse.query<{ next: string }>('SELECT max(next) AS next FROM ntk.blocks')) as [{ next: string }];
  const request = { logId: scored.log.logId, partitions: [0], positions: [Number(next)], ...range };
  const counts = await readCounts(warehouse, request);
  const count = (is: (cell: Counts['cells'][number]) => boolean): string =>
    String(counts.cells.filter(is).reduce((sum, { accesses }) => sum + accesses, 0));
  const [headline] = await warehouse.query<Record<string, string>>(HEADLINE_SQL, { ...request });
  const stopped = (outcome: string): string => count((cell) => cell.verdict === 'intercept' && cell.outcome === outcome);
  const byBlocks: Record<string, string> = {
    accesses: count(() => true),
    allow: count(({ verdict }) => verdict === 'allow'),
    flag: count(({ verdict }) => verdict === 'flag'),
    throttle: count(({ verdict }) => verdict === 'throttle'),
    intercept: count(({ verdict }) => verdict === 'intercept'),
    prevented: stopped('pending'),
    already_refused: stopped('refused'),
    late: stopped('performed'),
    would_attempts: count(({ verdict, proposed }) => proposed === 'intercept' && verdict !== 'intercept'),
  };
  expect(headline).toMatchObject(byBlocks);
  const categories = await warehouse.query<{ category: string; accesses: string }>(
    'SELECT category, count() AS accesses FROM ntk.access_results FINAL WHERE event_time >= fromUnixTimestamp64Micro(toInt64({fromUs:Int64})) AND event_time < fromUnixTimestamp64Micro(toInt64({toUs:Int64})) GROUP BY category ORDER BY category',
    range,
  );
  const names = [...new Set(counts.cells.map(({ category }) => category))].sort();
  expect(names.map((category) => ({ category, accesses: count((cell) => cell.category === category) }))).toEqual(categories);
  return { ...counts, accesses: Number(byBlocks['accesses']) };
}

test('all of them come from blocks when nothing happened, and none of them when no block was counted', async () => {
  await judged();
  await writeAll({ countsBlocks: false });
  expect(await agreed()).toMatchObject({ fromBlocks: 0 });
  await judged();
  await writeAll();
  const { accesses, fromBlocks } = await agreed();
  expect(fromBlocks).toBeGreaterThan(100);
  expect(fromBlocks).toBeLessThan(accesses);
});

test('a range that begins and ends inside of blocks takes those two from their rows', async () => {
  await judged();
  await writeAll();
  const second = (number: number): number => (Date.UTC(2026, 2, 1) + number * 1000) * 1000;
  const { accesses, fromBlocks } = await agreed({ fromUs: second(75), toUs: second(225) });
  expect(fromBlocks).toBeGreaterThan(0);
  expect(fromBlocks).toBeLessThan(accesses);
  expect(await agreed({ fromUs: second(10), toUs: second(20) })).toMatchObject({ fromBlocks: 0 });
});

describe('a writer that dies', () => {
  const die = (at: (operation: string) => boolean) => (operation: string) => {
    if (at(operation)) throw new Killed();
  };
  const isCommand = (operation: string): boolean => operation === 'command';

  test.each<readonly [string, () => Partial<PartitionWriterOptions>]>([
    ['before it counts', () => ({ warehouse: intercepted(warehouse, { before: die(isCommand) }) })],
    ['when it has counted', () => ({ warehouse: intercepted(warehouse, { after: die(isCommand) }) })],
    ['before the position moves', () => ({ log: dyingAtCommit(scored.log, 2) })],
  ])('%s, changes no count, and neither does the repeat', async (_, dying) => {
    await judged();
    await expect(writeAll(dying())).rejects.toBeInstanceOf(Killed);
    await agreed();
    // As if the tokens were forgotten: everything of the group is there twice.
    await writeAll({
      warehouse: intercepted(warehouse, { change: (insert) => ({ ...insert, token: `forgotten ${insert.token}` }) }),
    });
    const { accesses, fromBlocks } = await agreed();
    expect(fromBlocks).toBe(accesses);
  });
});

test('what an erasure removed is in no count, before it, behind it and while it is under way', async () => {
  await judged();
  await writeAll();
  const { accesses: before } = await agreed();
  await erase('u3');
  await judged();
  const isErasure = (sql: string): boolean => sql.startsWith('ALTER TABLE ntk.access_results');
  const cut: Warehouse = {
    ...intercepted(warehouse, {}),
    command: async (sql, params) => {
      if (isErasure(sql)) throw new Killed();
      await warehouse.command(sql, params);
    },
  };
  await expect(writeAll({ warehouse: cut, limits: { rowsMax: 1, bytesMax: 1 } })).rejects.toBeInstanceOf(Killed);
  // The entry is there, the rows are not removed yet: blocks before it count no more.
  const halfway = await agreed();
  expect(halfway.fromBlocks).toBeLessThan(before);
  await writeAll();
  const { accesses, fromBlocks } = await agreed();
  expect(accesses).toBeLessThan(halfway.accesses + 300);
  expect(fromBlocks).toBeGreaterThan(0);
  expect(fromBlocks).toBeLessThan(accesses);
});

test('counts that were made from wrong rows are forgotten when the rows are repaired', async () => {
  await judged();
  // Somebody changes a row between its insert and its count: the first of its block.
  const change =
    "ALTER TABLE ntk.access_results UPDATE verdict = if(verdict = 'flag', 'allow', 'flag') WHERE offset = 50 SETTINGS mutations_sync = 2";
  let isChanged = false;
  await writeAll({
    warehouse: intercepted(warehouse, {
      before: async (operation) => {
        if (operation !== 'command' || isChanged) return;
        isChanged = true;
        await warehouse.command(change);
      },
    }),
  });
  const { cells, accesses } = await agreed();
  const checkpoints = new CheckpointStore(scored.log, 0);
  await checkpoints.open();
  const audit = { log: scored.log, warehouse, storedUser: (user: string) => user, authority: OPEN };
  const { repaired } = await auditStore({ ...audit, keptStatesOf: async () => checkpoints, repairId: 'one' });
  expect(repaired).toMatchObject({ rowsInserted: 1, rowsRemoved: 1 });
  const mended = await agreed();
  expect(mended.accesses).toBe(accesses);
  expect(mended.cells).not.toEqual(cells);
  expect(mended.fromBlocks).toBeLessThan(accesses);
  expect(mended.fromBlocks).toBeGreaterThan(0);
});

test('a ledger entry that is gone leaves out no row', async () => {
  await judged();
  await writeAll();
  const { accesses } = await agreed();
  await warehouse.command('ALTER TABLE ntk.blocks DELETE WHERE first = 100 SETTINGS mutations_sync = 2');
  expect(await agreed()).toMatchObject({ accesses, fromBlocks: 0 });
});

test('an accepted gap has no counts, and the blocks around it keep theirs', async () => {
  // One transaction, and so one segment, a block.
  for (let i = 0; i < 8; i++) await scored.append(50);
  await scored.scored();
  const writer = await PartitionWriter.take({ ...options(), limits: { rowsMax: 1, bytesMax: 1 } });
  for (let i = 0; i < 2; i++) await writer.step();
  await writer.release();
  await scored.log.deleteBefore('results', 0, 6);
  const gap = { partition: 0, from: 100, to: 300, by: 'anna', reason: '' };
  const accepted = await acceptLostBlocks({ log: scored.log, warehouse, clock: scored.clock, ...gap });
  expect(accepted.status).toBe('accepted');
  await writeAll();
  const { accesses, fromBlocks } = await agreed();
  expect(accesses).toBeGreaterThan(100);
  expect(fromBlocks).toBe(accesses);
});
