/** The writer interrupted between any two steps of a group, a warehouse that goes away, and blocks that do not follow one another. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeBlock } from '../../services/domain/results/block.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../services/platform/warehouse/migrations.ts';
import { type Warehouse, WarehouseError } from '../../services/platform/warehouse/warehouse.ts';
import { Scorer } from '../../services/scorer/scorer.ts';
import { PartitionWriter, type PartitionWriterOptions } from '../../services/writer/partition-writer.ts';
import { ForeignResults } from '../../services/writer/foreign-results.ts';
import { BlockGap } from '../../services/writer/lost-blocks.ts';
import { Writer, type WriterObserver } from '../../services/writer/writer.ts';
import { beforeClaim, dyingAtCommit, intercepted, Killed } from './interruptions.ts';
import { DiskOfBarriers } from './disk-of-barriers.ts';
import { ScoredLog } from './scored-log.ts';

const LIMITS = { rowsMax: 100, bytesMax: 1024 * 1024 };
const silent: WriterObserver = { written: () => {}, lost: () => {}, failed: () => {} };
const silentScorer = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(async () => {
  // It may be another one than the log's own, see inAnotherStore.
  await warehouse.close();
  await scored.remove();
});

interface Stored {
  readonly rows: number;
  readonly physicalRows: number;
  readonly entries: number;
  readonly physicalEntries: number;
  /** Order-independent digest of all columns but the time of judging. */
  readonly digest: string;
}

async function stored(): Promise<Stored> {
  const [row] = await warehouse.query<Record<keyof Stored, string>>(
    `SELECT (SELECT count() FROM ntk.access_results FINAL) AS rows, (SELECT count() FROM ntk.access_results) AS physicalRows,
      (SELECT count() FROM ntk.blocks FINAL) AS entries, (SELECT count() FROM ntk.blocks) AS physicalEntries,
      (SELECT toString(groupBitXor(cityHash64(* EXCEPT scored_at))) FROM ntk.access_results FINAL) AS digest`,
  );
  const { rows, physicalRows, entries, physicalEntries, digest } = row!;
  return {
    rows: Number(rows),
    physicalRows: Number(physicalRows),
    entries: Number(entries),
    physicalEntries: Number(physicalEntries),
    digest,
  };
}

const options = (over: Partial<PartitionWriterOptions> = {}): PartitionWriterOptions => ({
  log: scored.log,
  warehouse,
  partition: 0,
  limits: LIMITS,
  ...over,
});

async function writeAll(over: Partial<PartitionWriterOptions> = {}): Promise<[from: number, to: number][]> {
  const writer = await PartitionWriter.take(options(over));
  const ranges: [number, number][] = [];
  for (;;) {
    const result = await writer.step();
    if (result.status !== 'written') return ranges;
    ranges.push([result.group.from, result.group.to]);
  }
}

/** 400 records, and an erasure of a user behind half of them, judged. */
async function judged(): Promise<void> {
  await scored.append(200);
  await scored.append(1);
  const erasure = {
    specversion: '1.0',
    id: 'erase',
    source: 'host/test',
    type: 'ntk.erasure',
    subject: '*',
    time: '2026-03-01T01:00:00Z',
    data: { user: 'u3' },
  };
  await scored.log.commit({
    appends: [{ stream: 'access', partition: 0, values: [Buffer.from(JSON.stringify(erasure))], origin: 2 }],
  });
  await scored.append(200);
  await scored.scored();
}

/** Rows that are there when everything is written: those of the blocks without what was erased. */
async function expectedRows(): Promise<number> {
  const blocks = await scored.blocks();
  const total = blocks.reduce((sum, { header }) => sum + header.accesses, 0);
  expect(blocks.flatMap(({ header }) => header.erasures)).toEqual([{ offset: 201, user: 'u3' }]);
  const fold = (await scored.values('access')).map(
    (value) => JSON.parse(value.toString('utf8')) as { type: string; data: { user?: string } },
  );
  const erased = fold.filter(({ type, data }, offset) => offset < 201 && type === 'ntk.access' && data.user === 'u3').length;
  expect(erased).toBeGreaterThan(10);
  return total - erased;
}

describe('a writer that dies', () => {
  const DEATHS: readonly (readonly [string, () => Partial<PartitionWriterOptions>])[] = [
    ['after it noted what it intends', () => ({ warehouse: intercepted(warehouse, { before: die('insert access_results') }) })],
    ['after the rows, before the ledger', () => ({ warehouse: intercepted(warehouse, { after: die('insert access_results') }) })],
    ['after the ledger, before the position', () => ({ log: dyingAtCommit(scored.log, 2) })],
    ['after the erasure, before the position', () => ({ warehouse: intercepted(warehouse, { after: die('command') }) })],
    ['before the second group is noted', () => ({ log: dyingAtCommit(scored.log, 3) })],
  ];

  function die(at: string): (operation: string) => void {
    return (operation) => {
      if (operation === at) throw new Killed();
    };
  }

  test.each(DEATHS)('%s, changes no total and adds nothing physically', async (_, dying) => {
    await judged();
    await expect(writeAll(dying())).rejects.toBeInstanceOf(Killed);
    await writeAll();
    const rows = await expectedRows();
    const entries = (await scored.blocks()).length;
    const { digest, ...counts } = await stored();
    expect(counts).toEqual({ rows, physicalRows: rows, entries, physicalEntries: entries });
    const { digest: undisturbed } = await inAnotherStore();
    expect(digest).toBe(undisturbed);
  });

  /** The same blocks written once, without a death. */
  async function inAnotherStore(): Promise<Stored> {
    await warehouse.close();
    warehouse = openChdbWarehouse({ path: join(scored.folder, 'another'), spoolDir: join(scored.folder, 'spool') });
    await migrate(warehouse);
    const copy = await openSqliteLog({ path: scored.path, create: false, clock: scored.clock });
    try {
      // Written from the beginning: another consumer's position does not count here.
      const owner = await copy.claim('writer', 0);
      await owner.commit({ position: { consumer: 'writer', partition: 0, offset: 0, note: '{"next":0}' } });
      await writeAll({ log: copy });
      return await stored();
    } finally {
      await copy.close();
    }
  }

  test('repeats exactly the range it noted, whatever the limits are now', async () => {
    await judged();
    await expect(
      writeAll({ log: dyingAtCommit(scored.log, 2), limits: { rowsMax: 120, bytesMax: 1024 * 1024 } }),
    ).rejects.toBeInstanceOf(Killed);
    const before = await stored();
    const { note } = (await scored.log.position('writer', 0))!;
    const { to } = JSON.parse(note) as { to: number };
    expect(to).toBeGreaterThan(1);
    const ranges = await writeAll({ limits: { rowsMax: 1, bytesMax: 1 } });
    expect(ranges[0]).toEqual([0, to]);
    expect(ranges[1]).toEqual([to, to + 1]);
    expect(before.physicalEntries).toBe(to);
    expect((await stored()).physicalRows).toBe(await expectedRows());
  });

  test('with the power, in a log that waits for the disk with barriers only, finds in it all that its rows were made of', async () => {
    const disk = await DiskOfBarriers.of(scored);
    await judged();
    const dying = intercepted(warehouse, {
      // Judged before the power fails, and behind the barrier.
      after: async (operation) => {
        if (operation !== 'insert access_results') return;
        await scored.append(60);
        await scored.scored();
        throw new Killed();
      },
    });
    await expect(writeAll({ warehouse: dying, log: disk.log })).rejects.toBeInstanceOf(Killed);
    const { physicalRows } = await stored();
    expect(physicalRows).toBeGreaterThan(0);
    await disk.loseTheRest();
    expect(await scored.log.bounds('access', 0)).toEqual({ start: 0, end: 402 });
    // Others than those that were lost, at the same offsets.
    await scored.append(30);
    await scored.scored();
    await writeAll();
    const written = await stored();
    expect(written.physicalRows).toBe(written.rows);
    expect((await inAnotherStore()).digest).toBe(written.digest);
  });

  test('changes no total even when its tokens are forgotten', async () => {
    await judged();
    await expect(writeAll({ log: dyingAtCommit(scored.log, 4) })).rejects.toBeInstanceOf(Killed);
    await writeAll({
      warehouse: intercepted(warehouse, { change: (insert) => ({ ...insert, token: `forgotten ${insert.token}` }) }),
    });
    const found = await stored();
    expect({ rows: found.rows, entries: found.entries }).toEqual({
      rows: await expectedRows(),
      entries: (await scored.blocks()).length,
    });
    expect(found.physicalEntries).toBeGreaterThan(found.entries);
  });

  test('is followed by one that begins behind what was stored until it was fenced', async () => {
    await judged();
    const earlier = await PartitionWriter.take(options());
    const later = await PartitionWriter.take(options({ log: beforeClaim(scored.log, () => earlier.step()) }));
    expect(earlier.offset).toBeGreaterThan(0);
    expect([later.offset, later.storedUpTo]).toEqual([earlier.offset, earlier.storedUpTo]);
    expect((await earlier.step()).status).toBe('fenced');
    while ((await later.step()).status === 'written');
    const { rows, physicalRows } = await stored();
    expect([rows, physicalRows]).toEqual([await expectedRows(), rows]);
  });

  test('and lives on is fenced by the one that took its place', async () => {
    await judged();
    // What it finds stored when it wakes up is not somebody else's, but that of the one that has the partition now.
    const idle = await PartitionWriter.take(options());
    const earlier = await PartitionWriter.take(options());
    expect((await earlier.step()).status).toBe('written');
    const ranges = await writeAll();
    const before = await stored();
    expect((await earlier.step()).status).toBe('fenced');
    expect((await idle.step()).status).toBe('fenced');
    expect(ranges.length).toBeGreaterThan(1);
    expect(await stored()).toEqual(before);
  });

  test('and inserts long after another took its place brings back no row that was erased meanwhile', async () => {
    await judged();
    let ranges: [number, number][] = [];
    const late = await PartitionWriter.take(
      options({
        warehouse: intercepted(warehouse, {
          // While this insert is held up everything else happens, and its token is forgotten.
          before: async (operation) => {
            if (operation === 'insert access_results' && ranges.length === 0) ranges = await writeAll();
          },
          change: (insert) => ({ ...insert, token: `forgotten ${insert.token}` }),
        }),
      }),
    );
    expect((await late.step()).status).toBe('fenced');
    expect(ranges.length).toBeGreaterThan(1);
    expect((await stored()).rows).toBe(await expectedRows());
  });
});

test('while the warehouse is away verdicts flow, and when it is back nothing is missing', { timeout: 60_000 }, async () => {
  let isAway = true;
  const failures: string[] = [];
  const away = intercepted(warehouse, {
    before: () => {
      if (isAway) throw new WarehouseError('UNREACHABLE', true, 'made up: away');
    },
  });
  const scorer = new Scorer({ ...scored.options(), partitions: [0], observer: silentScorer });
  const writer = new Writer({
    log: scored.log,
    warehouse: away,
    limits: LIMITS,
    partitions: [0],
    clock: scored.clock,
    groupWaitMs: 10,
    observer: { ...silent, failed: (_, __, code) => failures.push(code) },
  });
  await scorer.start();
  await writer.start();
  for (let i = 0; i < 5; i++) await scored.append(100);
  const over = Promise.race([scorer.ended(), writer.ended()]);
  while (!(await scorer.isDrained()) || failures.length < 2) await Promise.race([nextTurn(), over]);
  expect((await scored.ends()).verdicts).toBeGreaterThan(100);
  expect(await writer.isDrained()).toBe(false);
  expect((await stored()).physicalEntries).toBe(0);
  isAway = false;
  await scored.append(100);
  writer.flush();
  while (!(await scorer.isDrained()) || !(await writer.isDrained())) await Promise.race([nextTurn(), over]);
  await scorer.stop();
  await writer.stop();
  expect(new Set(failures)).toEqual(new Set(['UNREACHABLE']));
  const blocks = await scored.blocks();
  const rows = blocks.reduce((sum, { header }) => sum + header.accesses, 0);
  const { digest: _, ...counts } = await stored();
  expect(counts).toEqual({ rows, physicalRows: rows, entries: blocks.length, physicalEntries: blocks.length });
});

describe('a refusal of the warehouse that does not pass by itself', () => {
  const refusal = new WarehouseError('QUOTA_EXCEEDED', false, 'made up: the quota is used up');

  test('is tried again by the writer of several, which says so, until somebody has mended it', async () => {
    let isRefused = true;
    const failures: string[] = [];
    const refusing = intercepted(warehouse, {
      before: (operation) => {
        if (isRefused && operation.startsWith('insert')) throw refusal;
      },
    });
    const scorer = new Scorer({ ...scored.options(), partitions: [0], observer: silentScorer });
    const writer = new Writer({
      log: scored.log,
      warehouse: refusing,
      limits: LIMITS,
      partitions: [0],
      clock: scored.clock,
      groupWaitMs: 10,
      onRefused: 'park',
      observer: { ...silent, failed: (_, __, code) => failures.push(code) },
    });
    await Promise.all([scorer.start(), writer.start()]);
    const over = Promise.race([scorer.ended(), writer.ended()]);
    await scored.append(100);
    while (!(await scorer.isDrained()) || failures.length < 2) await Promise.race([nextTurn(), over]);
    expect([writer.failure, new Set(failures)]).toEqual(['QUOTA_EXCEEDED', new Set(['QUOTA_EXCEEDED'])]);
    isRefused = false;
    while (!(await writer.isDrained())) await Promise.race([nextTurn(), over]);
    expect(writer.failure).toBeNull();
    await Promise.all([scorer.stop(), writer.stop()]);
    const blocks = (await scored.blocks()).length;
    expect(await stored()).toMatchObject({ entries: blocks, physicalEntries: blocks });
  });

  test('ends a writer that has stored nothing yet: it was started wrongly', async () => {
    const writer = new Writer({
      log: scored.log,
      warehouse,
      limits: LIMITS,
      partitions: [0],
      clock: scored.clock,
      groupWaitMs: 10,
      onRefused: 'park',
      prepare: async () => {
        throw refusal;
      },
      observer: silent,
    });
    await writer.start();
    await expect(writer.ended()).rejects.toBe(refusal);
    await writer.stop();
  });
});

describe('blocks that do not follow one another', () => {
  /** A log with these blocks of the judged one: by index, in this order. */
  async function crafted(choose: (count: number) => number[]): Promise<EventLog> {
    await judged();
    const blocks = await scored.blocks();
    const other = await openSqliteLog({
      path: join(scored.folder, 'crafted.db'),
      create: true,
      partitions: 1,
      clock: scored.clock,
    });
    const values = choose(blocks.length).map((i) => encodeBlock(blocks[i]!));
    await other.commit({ appends: [{ stream: 'results', partition: 0, values }] });
    return other;
  }

  test.each([
    [
      'one is missing',
      (count: number) => [0, 1, ...Array.from({ length: count - 3 }, (_, i) => i + 3)],
      2,
      'source offsets 100 to 150 are lost',
    ],
    ['the first is missing', () => [1, 2], 0, 'go on without them: ntk accept-gap 0 0 50'],
    ['one is there twice', () => [0, 1, 1, 2], 2, 'a block begins at source offset 50, though everything before 100 is stored'],
  ])('stop the writer behind the last that follows: %s', async (_, choose, entries, words) => {
    const log = await crafted(choose);
    const writer = new Writer({
      log,
      warehouse,
      limits: { rowsMax: 100_000, bytesMax: 64 * 1024 * 1024 },
      partitions: [0],
      clock: scored.clock,
      groupWaitMs: 10,
      observer: silent,
    });
    await writer.start();
    const error = await writer.ended().then(
      () => null,
      (reason: unknown) => reason,
    );
    await writer.stop();
    await log.close();
    expect(error).toBeInstanceOf(BlockGap);
    expect((error as Error).message).toContain(words);
    expect((await stored()).physicalEntries).toBe(entries);
  });

  test('are found between two groups, too', async () => {
    const log = await crafted((count) => [0, 1, ...Array.from({ length: count - 3 }, (_, i) => i + 3)]);
    await expect(writeAll({ log, limits: { rowsMax: 1, bytesMax: 1 } })).rejects.toBeInstanceOf(BlockGap);
    expect((await stored()).physicalEntries).toBe(2);
    expect(await log.position('writer', 0)).toMatchObject({ offset: 2, note: '{"next":100}' });
    await log.close();
  });
});

describe('two logs with the same id beside one ClickHouse', () => {
  /** A copy of the log as it is now, with its own records from here on. */
  async function copied(): Promise<EventLog> {
    const path = join(scored.folder, 'copy.db');
    await scored.log.close();
    cpSync(scored.path, path);
    scored.log = await openSqliteLog({ path: scored.path, create: false, clock: scored.clock });
    return openSqliteLog({ path, create: false, clock: scored.clock });
  }

  test('one that lacks what the other has judged writes nothing', async () => {
    await scored.append(200);
    await scored.scored();
    await writeAll();
    const copy = await copied();
    try {
      await scored.append(100);
      await scored.scored();
      await writeAll();
      const before = await stored();
      await copy.commit({
        appends: [{ stream: 'access', partition: 0, values: [Buffer.from('{}'), Buffer.from('{}')], origin: 2 }],
      });
      await scored.scored({ log: copy });
      await expect(writeAll({ log: copy })).rejects.toBeInstanceOf(ForeignResults);
      expect(await stored()).toEqual(before);
    } finally {
      await copy.close();
    }
  });

  test('one that judged other records at the same offsets writes nothing', async () => {
    await scored.append(200);
    await scored.scored();
    await writeAll();
    const copy = await copied();
    try {
      await scored.append(1);
      await scored.scored();
      await writeAll();
      const before = await stored();
      await copy.commit({ appends: [{ stream: 'access', partition: 0, values: [Buffer.from('{}')], origin: 2 }] });
      await scored.scored({ log: copy });
      await expect(writeAll({ log: copy })).rejects.toBeInstanceOf(ForeignResults);
      expect(await stored()).toEqual(before);
    } finally {
      await copy.close();
    }
  });

  test('one that was moved goes on', async () => {
    await scored.append(200);
    await scored.scored();
    await writeAll();
    const copy = await copied();
    try {
      await copy.commit({ appends: [{ stream: 'access', partition: 0, values: [Buffer.from('{}')], origin: 2 }] });
      await scored.scored({ log: copy });
      expect(await writeAll({ log: copy })).toHaveLength(1);
    } finally {
      await copy.close();
    }
  });
});
