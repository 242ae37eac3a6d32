/** Blocks that were lost before the writer stored them (docs/gaps.md): made again where the log has the records, else given up. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { auditStore, type StoreAudit } from '../../services/auditor/audit-store.ts';
import { startBefore } from '../../services/auditor/refold.ts';
import { readAcceptedGaps } from '../../services/platform/warehouse/accepted-gaps.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { acceptGap } from '../../services/scorer/accept-gap.ts';
import { acceptLostBlocks } from '../../services/writer/accept-lost-blocks.ts';
import { BlockGap } from '../../services/writer/lost-blocks.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';
import { remakeLostBlocks, type RemakeResult } from '../../services/writer/remake-blocks.ts';
import { beforeClaim, changed, dyingAtCommit, intercepted, Killed } from './interruptions.ts';
import { ScoredLog } from './scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

const storedUser = (user: string): string => user;

async function writeAll(
  rowsMax = 100_000,
  over: { warehouse?: Warehouse } = {},
  steps = Number.POSITIVE_INFINITY,
): Promise<void> {
  const limits = { rowsMax, bytesMax: 64 * 1024 * 1024 };
  const writer = await PartitionWriter.take({ log: scored.log, warehouse, partition: 0, limits, ...over });
  for (let i = 0; i < steps; i++) if ((await writer.step()).status !== 'written') break;
  await writer.release();
}

async function remake(
  log = scored.log as Parameters<typeof remakeLostBlocks>[0]['log'],
  asStored = storedUser,
  into: Warehouse = warehouse,
): Promise<RemakeResult> {
  return remakeLostBlocks({
    log,
    warehouse: into,
    partition: 0,
    refoldFrom: async (offset) =>
      startBefore(
        {
          log,
          warehouse,
          partition: 0,
          storedUser: asStored,
          authority: OPEN,
          scoredAtMs: 5,
          keptStates: await scored.keptStates(),
        },
        offset,
      ),
  });
}

async function audit(): Promise<StoreAudit> {
  return auditStore({
    log: scored.log,
    warehouse,
    storedUser,
    authority: OPEN,
    keptStatesOf: () => scored.keptStates(),
    repairId: null,
  });
}

async function digest(): Promise<unknown> {
  const [row] = await warehouse.query(
    'SELECT count() AS rows, toString(groupBitXor(cityHash64(* EXCEPT scored_at))) AS digest FROM ntk.access_results FINAL',
  );
  return row;
}

const acceptBlocks = (from: number, to: number, over: { log?: EventLog; warehouse?: Warehouse } = {}) =>
  acceptLostBlocks({ log: scored.log, warehouse, partition: 0, from, to, by: 'anna', reason: '', clock: scored.clock, ...over });

/** The warehouse of a process that dies at the first insert into a table: just before it, or just after it. */
function dyingAtInsert(side: 'before' | 'after', table: string): Warehouse {
  const die = (operation: string): void => {
    if (operation === `insert ${table}`) throw new Killed();
  };
  return intercepted(warehouse, { [side]: die });
}

/** 400 records of which the writer has stored 100 and the blocks up to 300 are gone. */
async function loseBlocks(): Promise<void> {
  for (let i = 0; i < 8; i++) await scored.append(50);
  // One transaction, and so one segment, a block.
  await scored.scored();
  await writeAll(1, {}, 2);
  expect((await scored.log.position('writer', 0))?.note).toBe('{"next":100}');
  await scored.log.deleteBefore('results', 0, 6);
}

describe('blocks that the writer has not stored', () => {
  test('stop it with the range and both ways on', async () => {
    await loseBlocks();
    const error = await writeAll().then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BlockGap);
    expect((error as Error).message).toBe(
      "partition 0: the blocks of source offsets 100 to 300 are lost and nothing of them is stored; run 'ntk repair', which makes them again where the log still has the records, else go on without them: ntk accept-gap 0 100 300",
    );
  });

  test('are made again from the log, and the rest follows', async () => {
    await loseBlocks();
    expect(await remake()).toMatchObject({ status: 'remade', lost: { from: 100, to: 300 } });
    expect(await remake()).toEqual({ status: 'nothing_lost' });
    await writeAll();
    const found = await audit();
    expect(found).toMatchObject({ ok: true, partitions: [{ missing: 0, gaps: [], acceptedGaps: [], proof: 'log' }] });
    const expected = await scored.undisturbed();
    expect(found.partitions[0]!.rows).toBe(expected.verdicts.length);
  });

  test('are made again from the log over any crash', async () => {
    await loseBlocks();
    for (const table of ['access_results', 'blocks'])
      for (const side of ['before', 'after'] as const)
        await expect(remake(scored.log, storedUser, dyingAtInsert(side, table))).rejects.toBeInstanceOf(Killed);
    await expect(remake(dyingAtCommit(scored.log, 1))).rejects.toBeInstanceOf(Killed);
    expect(await remake()).toMatchObject({ status: 'remade', lost: { from: 100, to: 300 } });
    await writeAll();
    expect(await audit()).toMatchObject({ ok: true, partitions: [{ missing: 0, doubled: 0, gaps: [], ledgerMissing: 0 }] });
  });

  test('are not made again with another key for users', async () => {
    await loseBlocks();
    const before = await digest();
    expect(await remake(scored.log, (user) => `x${user}`)).toMatchObject({ status: 'other_rows' });
    expect(await digest()).toEqual(before);
  });

  test('are proved by the ledger itself when the log is gone later', async () => {
    await loseBlocks();
    await remake();
    await writeAll();
    await (await scored.scored()).stop();
    await scored.log.deleteBefore('results', 0, 8);
    expect(await audit()).toMatchObject({ ok: true, partitions: [{ ledgerDifferent: 0, ledgerUnexpected: 0, gaps: [] }] });
  });

  test('and whose records are gone too are given up for good, and the rest follows', async () => {
    await loseBlocks();
    await (await scored.scored()).stop();
    await scored.log.deleteBefore('access', 0, 300);
    expect(await remake()).toMatchObject({ status: 'impossible', lost: { from: 100, to: 300 } });
    for (const [from, to] of [
      [100, 299],
      [101, 300],
    ] as const)
      expect((await acceptBlocks(from, to)).status).toBe('not_lost');
    expect((await acceptBlocks(100, 300)).status).toBe('accepted');
    expect((await acceptBlocks(100, 300)).status).toBe('not_lost');
    await writeAll();
    expect(await readAcceptedGaps(warehouse, scored.log.logId)).toMatchObject([
      { partition: 0, from: 100, to: 300, stateFrom: 300, stateTo: 300, by: 'anna' },
    ]);
    const [found] = (await audit()).partitions;
    expect(found).toMatchObject({ gaps: [], ledgerUnexpected: 0, ledgerDifferent: 0, acceptedGaps: [{ from: 100, to: 300 }] });
  });

  describe('directly behind others that were given up, when the log had their records no more', () => {
    /** Blocks up to 100 are stored, those up to 300 given up, and those up to 400 lost as well; checkpoints stand at 300 and 400. */
    async function loseMore(): Promise<void> {
      for (let i = 0; i < 6; i++) await scored.append(50);
      await (await scored.scored()).stop();
      await writeAll(1, {}, 2);
      await scored.log.deleteBefore('results', 0, 6);
      await scored.log.deleteBefore('access', 0, 300);
      expect((await acceptBlocks(100, 300)).status).toBe('accepted');
      // Of each day the last checkpoint is kept.
      scored.clock.ms += 2 * 86_400_000;
      for (let i = 0; i < 2; i++) await scored.append(50);
      await (await scored.scored()).stop();
      await scored.log.deleteBefore('results', 0, 8);
    }

    test('are made again when a block behind them tells that they come out as they were, and proved', async () => {
      await loseMore();
      const lost = { from: 300, to: 400 };
      // Nothing is there behind them yet.
      expect(await remake()).toMatchObject({ status: 'untold', lost });
      for (let i = 0; i < 2; i++) await scored.append(50);
      await (await scored.scored()).stop();
      const before = await digest();
      expect(await remake(scored.log, (user) => `x${user}`)).toMatchObject({ status: 'other_rows', lost });
      expect(await digest()).toEqual(before);
      expect(await remake()).toMatchObject({ status: 'remade', lost });
      await writeAll();
      const proved = {
        proof: 'both',
        provedByLogFrom: 300,
        missing: 0,
        gaps: [],
        unproved: [],
        acceptedGaps: [{ from: 100, to: 300 }],
      };
      expect(await audit()).toMatchObject({ ok: true, partitions: [proved] });
    });

    test('are not made again by what stands behind a gap of the scorer', async () => {
      await loseMore();
      for (let i = 0; i < 2; i++) await scored.append(50);
      await scored.log.deleteBefore('access', 0, 450);
      expect((await acceptGap({ ...scored.options(), from: 400, to: 450, by: 'anna', reason: '' })).status).toBe('accepted');
      await scored.scored();
      expect(await remake()).toMatchObject({ status: 'impossible', lost: { from: 300, to: 400 } });
    });
  });

  test('have entries that are known to be changed, also where one follows another', async () => {
    await loseBlocks();
    expect((await acceptBlocks(100, 300)).status).toBe('accepted');
    await scored.log.deleteBefore('results', 0, 8);
    expect((await acceptBlocks(300, 400)).status).toBe('accepted');
    expect((await audit()).partitions).toMatchObject([{ gaps: [], ledgerDifferent: 0, ledgerUnexpected: 0 }]);
    const change = "ALTER TABLE ntk.blocks UPDATE reason = 'other' WHERE first =";
    for (const [first, ledgerDifferent] of [
      [300, 1],
      [100, 2],
    ]) {
      await warehouse.command(`${change} ${first} SETTINGS mutations_sync = 2`);
      expect((await audit()).partitions).toMatchObject([{ gaps: [], ledgerUnexpected: 0, ledgerDifferent }]);
    }
  });

  test('are given up once, with an entry that says so, whenever who gives them up dies', async () => {
    await loseBlocks();
    await (await scored.scored()).stop();
    await scored.log.deleteBefore('access', 0, 300);
    for (const over of [
      { warehouse: dyingAtInsert('before', 'blocks') },
      { warehouse: dyingAtInsert('after', 'blocks') },
      { log: dyingAtCommit(scored.log, 1) },
    ])
      await expect(acceptBlocks(100, 300, over)).rejects.toBeInstanceOf(Killed);
    expect((await acceptBlocks(100, 300)).status).toBe('accepted');
    await writeAll();
    expect((await audit()).partitions[0]).toMatchObject({ gaps: [], ledgerDoubled: 0, acceptedGaps: [{ from: 100, to: 300 }] });
  });

  test('have no rows when they are given up: what a writer that died had inserted of them is found, and removed by repair', async () => {
    for (let i = 0; i < 8; i++) await scored.append(50);
    await (await scored.scored()).stop();
    await writeAll(1, {}, 2);
    await expect(writeAll(1, { warehouse: dyingAtInsert('before', 'blocks') })).rejects.toBeInstanceOf(Killed);
    await scored.log.deleteBefore('results', 0, 6);
    await scored.log.deleteBefore('access', 0, 300);
    expect((await acceptBlocks(100, 300)).status).toBe('accepted');
    await writeAll();
    const rowsOfGap = 'SELECT count() AS rows FROM ntk.access_results WHERE offset >= 100 AND offset < 300';
    const [half] = await warehouse.query<{ rows: string }>(rowsOfGap);
    expect(Number(half!.rows)).toBeGreaterThan(30);
    const unexpected = Number(half!.rows);
    expect(await scored.audit(warehouse, 'mend')).toMatchObject({
      partitions: [{ unexpected, missing: 0, different: 0 }],
      repaired: { rowsRemoved: unexpected, rowsInserted: 0 },
    });
    expect(await warehouse.query(rowsOfGap)).toEqual([{ rows: '0' }]);
    expect(await audit()).toMatchObject({ partitions: [{ unexpected: 0, missing: 0, different: 0 }] });
  });

  test('are not given up when somebody has made them again just before, nor made again when they were given up', async () => {
    await loseBlocks();
    const after = (happens: () => Promise<unknown>): EventLog => beforeClaim(scored.log, happens);
    expect(await acceptBlocks(100, 300, { log: after(remake) })).toEqual({ status: 'not_lost' });
    await writeAll();
    expect(await audit()).toMatchObject({ ok: true, partitions: [{ acceptedGaps: [] }] });

    await scored.append(50);
    await scored.append(50);
    await scored.scored();
    await scored.log.deleteBefore('results', 0, 9);
    expect(await remake(after(() => acceptBlocks(400, 450)))).toEqual({ status: 'nothing_lost' });
    await writeAll();
    expect(await audit()).toMatchObject({ partitions: [{ acceptedGaps: [{ from: 400, to: 450 }], unexpected: 0 }] });
  });

  test('are not said to be given up, nor made again, by whom another writer fenced meanwhile', async () => {
    await loseBlocks();
    const claim: EventLog['claim'] = async (role, partition) => {
      const owner = await scored.log.claim(role, partition);
      await scored.log.claim(role, partition);
      return owner;
    };
    const log = changed(scored.log, { claim });
    const before = await scored.log.position('writer', 0);
    expect(await remake(log)).toEqual({ status: 'fenced' });
    expect(await acceptBlocks(100, 300, { log })).toEqual({ status: 'fenced' });
    expect(await scored.log.position('writer', 0)).toEqual(before);
  });

  test('all of them, with nothing behind, end where the scorer stands', async () => {
    for (let i = 0; i < 4; i++) await scored.append(50);
    await (await scored.scored()).stop();
    await writeAll(1, {}, 1);
    await scored.log.deleteBefore('results', 0, 4);
    await expect(writeAll()).rejects.toThrow('ntk accept-gap 0 50 200');
    expect(await remake()).toMatchObject({ status: 'remade', lost: { from: 50, to: 200 } });
    await scored.append(50);
    await scored.scored();
    await writeAll();
    expect((await audit()).ok).toBe(true);
  });

  test('are not thought to be lost while they are just being judged, and who is about to store them is not fenced', async () => {
    await scored.append(50);
    await (await scored.scored()).stop();
    await writeAll();
    await scored.append(50);
    const limits = { rowsMax: 1_000, bytesMax: 64 * 1024 * 1024 };
    const writer = await PartitionWriter.take({ log: scored.log, warehouse, partition: 0, limits });
    const log = changed(scored.log, {
      async bounds(stream, partition) {
        const bounds = await scored.log.bounds(stream, partition);
        if (stream === 'results') await (await scored.scored()).stop();
        return bounds;
      },
    });
    expect(await remake(log)).toEqual({ status: 'nothing_lost' });
    expect((await writer.step()).status).toBe('written');
    await writer.release();
  });

  test('but only stored ones gone stop nobody', async () => {
    for (let i = 0; i < 4; i++) await scored.append(50);
    await (await scored.scored()).stop();
    await writeAll();
    await scored.log.deleteBefore('results', 0, 4);
    await writeAll();
    await scored.append(50);
    await scored.scored();
    await writeAll();
    expect((await audit()).ok).toBe(true);
  });
});

describe('the entry of a gap of the scorer', () => {
  async function loseRecords(): Promise<void> {
    for (let i = 0; i < 4; i++) await scored.append(50);
    await (await scored.scored()).stop();
    await writeAll();
    for (let i = 0; i < 4; i++) await scored.append(50);
    await scored.log.deleteBefore('access', 0, 300);
    const { status } = await acceptGap({ ...scored.options(), from: 200, to: 300, by: 'anna', reason: 'why' });
    expect(status).toBe('accepted');
    await scored.scored();
  }

  test('is stored in its place, whenever the writer dies', async () => {
    await loseRecords();
    let dies = true;
    const dying = intercepted(warehouse, {
      after: (operation) => {
        if (operation === 'insert blocks' && dies) {
          dies = false;
          throw new Killed();
        }
      },
    });
    await expect(writeAll(1, { warehouse: dying })).rejects.toBeInstanceOf(Killed);
    await writeAll();
    expect(
      await warehouse.query(
        'SELECT first, next, kind, state_from, accepted_by, reason FROM ntk.blocks FINAL WHERE next > 150 ORDER BY first',
      ),
    ).toEqual([
      { first: '150', next: '200', kind: 'block', state_from: '0', accepted_by: '', reason: '' },
      { first: '200', next: '300', kind: 'gap', state_from: '200', accepted_by: 'anna', reason: 'why' },
      { first: '300', next: '350', kind: 'block', state_from: '0', accepted_by: '', reason: '' },
      { first: '350', next: '400', kind: 'block', state_from: '0', accepted_by: '', reason: '' },
    ]);
  });

  test('is no error for who verifies: what is before is proved by the chain, what is behind by the log', async () => {
    await loseRecords();
    await writeAll();
    expect(await audit()).toMatchObject({
      ok: true,
      partitions: [
        { proof: 'both', provedByLogFrom: 300, gaps: [], unproved: [], acceptedGaps: [{ from: 200, to: 300, by: 'anna' }] },
      ],
    });
    for (const offset of [120, 320]) {
      await warehouse.command(
        `ALTER TABLE ntk.access_results UPDATE verdict = if(verdict = 'allow', 'flag', 'allow') WHERE offset = (SELECT min(offset) FROM ntk.access_results WHERE offset >= ${offset}) SETTINGS mutations_sync = 2`,
      );
      const { ok, partitions } = await audit();
      expect({ ok, different: partitions[0]!.different }).toEqual({ ok: false, different: offset === 120 ? 1 : 2 });
    }
    await warehouse.command(
      'INSERT INTO ntk.access_results SELECT * REPLACE (toUInt64(250) AS offset) FROM (SELECT * FROM ntk.access_results ORDER BY offset LIMIT 1)',
    );
    expect((await audit()).partitions).toMatchObject([{ different: 2, unexpected: 1 }]);
  });

  test('is proved by the ledger itself when the log is gone', async () => {
    await loseRecords();
    await writeAll();
    await (await scored.scored()).stop();
    const { end } = await scored.log.bounds('results', 0);
    await scored.log.deleteBefore('results', 0, end);
    await scored.log.deleteBefore('access', 0, 400);
    expect(await audit()).toMatchObject({ ok: true, partitions: [{ proof: 'chain', acceptedGaps: [{ from: 200, to: 300 }] }] });
    await warehouse.command("ALTER TABLE ntk.blocks UPDATE reason = 'other' WHERE kind = 'gap' SETTINGS mutations_sync = 2");
    expect((await audit()).partitions[0]).toMatchObject({ ledgerDifferent: 1 });
  });

  /** Six blocks and the gap, with records behind it that nobody has judged yet. */
  async function emptyGapAt300(): Promise<void> {
    for (let i = 0; i < 2; i++) await scored.append(50);
    await (await scored.scored()).stop();
    for (let i = 0; i < 4; i++) await scored.append(50);
    await scored.scored();
    await scored.append(50);
    await scored.log.deleteBefore('access', 0, 200);
    expect((await acceptGap({ ...scored.options(), from: 300, to: 300, by: 'anna', reason: '' })).status).toBe('accepted');
  }

  test('that covers no offset stays the only one when its checkpoint is lost and it is accepted again', async () => {
    await emptyGapAt300();
    await writeAll();
    for (const key of await scored.checkpointKeys('page/')) await scored.putCheckpoint(key, Buffer.from('damaged'));
    const again = { ...scored.options(), from: 300, to: 300, by: 'otto', reason: '' };
    expect(await acceptGap(again)).toMatchObject({
      status: 'already_accepted',
      header: { gap: { stateFrom: 100, stateTo: 200, by: 'anna' } },
      remade: { stateFrom: 0 },
    });
    expect(await acceptGap(again)).toMatchObject({ status: 'already_accepted', header: { gap: { by: 'anna' } } });
    const scorer = await scored.scored();
    expect(scorer.position).toBe(350);
    await writeAll();
    const sound = { ok: true, partitions: [{ acceptedGaps: [{ from: 300, to: 300, by: 'anna' }], ledgerEntries: 8 }] };
    expect(await audit()).toMatchObject(sound);
    await scorer.stop();
    await scored.log.deleteBefore('results', 0, (await scored.log.bounds('results', 0)).end);
    await scored.log.deleteBefore('access', 0, 350);
    expect(await audit()).toMatchObject(sound);
  });

  test('that covers no offset stands beside the block that begins there', async () => {
    await emptyGapAt300();
    await scored.scored();
    await writeAll();
    await warehouse.command('OPTIMIZE TABLE ntk.blocks FINAL');
    expect(
      await warehouse.query('SELECT first, next, kind FROM ntk.blocks FINAL WHERE first >= 300 ORDER BY first, next'),
    ).toEqual([
      { first: '300', next: '300', kind: 'gap' },
      { first: '300', next: '350', kind: 'block' },
    ]);
    const sound = { ok: true, partitions: [{ proof: 'both', provedByLogFrom: 300, acceptedGaps: [{ from: 300, to: 300 }] }] };
    expect(await audit()).toMatchObject(sound);
    // Mended by itself, and however often: what was inserted once is not taken for a repeat.
    for (const repairId of ['one', 'two']) {
      await warehouse.command(
        "ALTER TABLE ntk.blocks UPDATE duplicates = 7 WHERE first = 300 AND kind = 'block' SETTINGS mutations_sync = 2",
      );
      await warehouse.command(
        "ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE offset = 302 SETTINGS mutations_sync = 2",
      );
      expect(await scored.audit(warehouse, repairId)).toMatchObject({ partitions: [{ ledgerDifferent: 1, different: 1 }] });
      expect(await audit()).toMatchObject(sound);
    }
  });

  test.each(['made again', 'given up'])(
    'that covers no offset is what lost blocks behind it that are %s are chained to',
    async (how) => {
      await emptyGapAt300();
      await writeAll();
      await (await scored.scored()).stop();
      await scored.append(50);
      await (await scored.scored()).stop();
      // Six blocks and the gap are stored; the block behind it is lost.
      await scored.log.deleteBefore('results', 0, 8);
      if (how === 'made again') expect(await remake()).toMatchObject({ status: 'remade', lost: { from: 300, to: 350 } });
      else expect((await acceptBlocks(300, 350)).status).toBe('accepted');
      await writeAll();
      const expected = how === 'made again' ? [300] : [300, 350];
      const { partitions } = await audit();
      expect(partitions[0]).toMatchObject({ gaps: [], ledgerDifferent: 0, ledgerUnexpected: 0, different: 0 });
      expect(partitions[0]!.acceptedGaps.map(({ to }) => to)).toEqual(expected);
    },
  );
});
