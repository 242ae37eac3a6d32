/** Accesses that are explained together by folding the log again, page after page, and what of them the log still gives. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Recomputation } from '../../services/auditor/recompute.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { acceptGap } from '../../services/scorer/accept-gap.ts';
import { changed } from '../crash/interruptions.ts';
import { ScoredLog } from '../crash/scored-log.ts';

const DAY_MS = 86_400_000;

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

/** On each of so many days 50 records, at whose end a checkpoint stays. */
async function judge(days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    await scored.append(50);
    await (await scored.scored()).stop();
    scored.clock.ms += DAY_MS;
  }
  await scored.store(warehouse);
}

async function recomputation(log: EventLog = scored.log): Promise<Recomputation> {
  const keptStates = await scored.keptStates();
  return new Recomputation({ log, warehouse, partition: 0, storedUser: (user) => user, authority: OPEN, keptStates });
}

async function stored(from = 0, to = 1_000): Promise<Set<number>> {
  const rows = await warehouse.query<{ offset: string }>(
    `SELECT offset FROM ntk.access_results WHERE offset >= ${from} AND offset < ${to}`,
  );
  return new Set(rows.map(({ offset }) => Number(offset)));
}

/** Offsets that are proved of those asked for; none may be said to be another row. */
async function proved(asked: ReadonlySet<number>, of?: Recomputation): Promise<Set<number>> {
  const found = await (of ?? (await recomputation())).explain(asked);
  expect([...found.values()].every(({ isProved }) => isProved)).toBe(true);
  return new Set(found.keys());
}

test('where the beginning of the log is gone, those behind the oldest state that is kept are proved, the others left out', async () => {
  await judge(4);
  await scored.log.deleteBefore('access', 0, 100);
  expect(await proved(await stored())).toEqual(await stored(100));
  expect(await proved(await stored(0, 100))).toEqual(new Set());
  // A state that cannot be read is passed over.
  for (const key of await scored.checkpointKeys('page/')) {
    if (key.includes('/100/')) await scored.putCheckpoint(key, Buffer.from('damaged'));
  }
  expect(await proved(await stored())).toEqual(await stored(150));
});

test('where a gap lies between them, those behind it are proved', async () => {
  await judge(2);
  await scored.append(50);
  await scored.append(50);
  await scored.log.deleteBefore('access', 0, 150);
  expect((await acceptGap({ ...scored.options(), from: 100, to: 150, by: 'anna', reason: '' })).status).toBe('accepted');
  await judge(1);
  expect(await proved(await stored())).toEqual(await stored(150));
});

test('a row that was changed is told, and no other', async () => {
  await judge(1);
  const [first, ...others] = await stored();
  await warehouse.command(`ALTER TABLE ntk.access_results UPDATE api = 'x' WHERE offset = ${first} SETTINGS mutations_sync = 2`);
  const found = await (await recomputation()).explain(await stored());
  expect(found.get(first!)).toMatchObject({ isProved: false });
  expect(others.every((offset) => found.get(offset)!.isProved)).toBe(true);
});

test('pages one behind the other fold every record once, and one that lies before is folded from anew', async () => {
  await judge(4);
  let folded = 0;
  const log = changed(scored.log, {
    async read(stream, partition, offset, limits) {
      const batch = await scored.log.read(stream, partition, offset, { ...limits, maxRecords: 50 });
      folded += batch.count;
      return batch;
    },
  });
  const pages = [await stored(0, 75), await stored(75, 130), await stored(130, 180)];
  const asked = await recomputation(log);
  for (const page of pages) expect(await proved(page, asked)).toEqual(page);
  expect(folded).toBe(200);
  expect(await proved(pages[1]!, asked)).toEqual(pages[1]);
  expect(folded).toBe(200 + 150);
});

test('pages far apart are folded from the states before them where the beginning of the log is gone', async () => {
  await judge(4);
  await scored.log.deleteBefore('access', 0, 50);
  let folded = 0;
  const log = changed(scored.log, {
    async read(stream, partition, offset, limits) {
      const batch = await scored.log.read(stream, partition, offset, { ...limits, maxRecords: 50 });
      folded += batch.count;
      return batch;
    },
  });
  const asked = await recomputation(log);
  const pages = [await stored(50, 60), await stored(160, 170), await stored(170, 200)];
  for (const page of pages) expect(await proved(page, asked)).toEqual(page);
  expect(folded).toBe(100);
});

test('of a log that ends before what is asked for nothing is said, and of what it still has all', async () => {
  await judge(2);
  const [all, first] = [await stored(), await stored(0, 50)];
  await scored.reopen(() => scored.setEnd(50));
  const asked = await recomputation();
  expect(await proved(all, asked)).toEqual(new Set());
  expect(await proved(first, asked)).toEqual(first);
  expect(await proved(new Set(), asked)).toEqual(new Set());
});
