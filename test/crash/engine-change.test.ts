/** A log that another engine judged up to a clean end, and this one from there on: what can be proved of it, and mended. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreAudit } from '../../services/auditor/audit-store.ts';
import { Recomputation } from '../../services/auditor/recompute.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { decodeBlock, entryHash, figuresOf, FIRST_ENTRY_HASH } from '../../services/domain/results/block.ts';
import { ENGINE_VERSION } from '../../services/domain/engine.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { decodeManifest } from '../../services/scorer/manifest.ts';
import { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { ScoredLog } from './scored-log.ts';

const storedUser = (user: string): string => user;

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

async function judge(records: number): Promise<void> {
  await scored.append(records);
  await (await scored.scored()).stop();
}

/** The engine before this one judged 40 records and stopped cleanly. */
async function judgedByEngineBefore(): Promise<void> {
  await judge(40);
  const engine = ENGINE_VERSION - 1;
  const { header } = decodeBlock((await scored.log.last('results', 0))!.value);
  // It signed what it wrote with its own number.
  const theirs = { engine, entryHash: entryHash(FIRST_ENTRY_HASH, figuresOf({ ...header, engine })) };
  await scored.changeLastHeader(theirs);
  const [key] = await scored.checkpointKeys('manifest/');
  const manifest = decodeManifest((await scored.log.getKeyed('checkpoints', 0, key!))!)!;
  await scored.putCheckpoint(key!, Buffer.from(JSON.stringify({ ...manifest, ...theirs })));
  // What was read before is remembered as it was.
  await scored.reopen();
}

/** Then this one 40 and, after another clean stop, 40 more. */
async function upgraded(): Promise<void> {
  await judgedByEngineBefore();
  await judge(40);
  await judge(40);
  await scored.store(warehouse);
}

const audit = (repairId: string | null = null): Promise<StoreAudit> => scored.audit(warehouse, repairId);

async function storedOffsets(): Promise<number[]> {
  const rows = await warehouse.query<{ offset: string }>('SELECT offset FROM ntk.access_results FINAL ORDER BY offset');
  return rows.map(({ offset }) => Number(offset));
}

async function digest(): Promise<unknown> {
  const [row] = await warehouse.query(
    'SELECT count() AS rows, toString(groupBitXor(cityHash64(*))) AS all FROM ntk.access_results FINAL',
  );
  return row;
}

test('what this engine judged is proved by folding from where it took over, on the same day and however often it stopped', async () => {
  await upgraded();
  const { ok, partitions } = await audit();
  expect({ ok, proof: partitions[0]!.proof, from: partitions[0]!.provedByLogFrom }).toEqual({
    ok: true,
    proof: 'both',
    from: 40,
  });
});

test('an access that another engine judged is not said to be another one than the log gives, and one of this engine is proved', async () => {
  await upgraded();
  const offsets = await storedOffsets();
  const asked = [offsets.find((offset) => offset < 40)!, offsets.find((offset) => offset >= 40)!, offsets.at(-1)!];
  const explained = async (offsets: readonly number[]): Promise<(boolean | null)[]> => {
    const keptStates = await scored.keptStates();
    const options = { log: scored.log, warehouse, partition: 0, storedUser, authority: OPEN, keptStates };
    const found = await new Recomputation(options).explain(new Set(offsets));
    return offsets.map((offset) => found.get(offset)?.isProved ?? null);
  };
  for (const [i, expected] of [null, true, true].entries()) expect(await explained([asked[i]!])).toEqual([expected]);
  // Together, too: as one asks for all of a program.
  expect(await explained(asked)).toEqual([null, true, true]);
});

test('rows that another engine judged are known one by one, and mended from the blocks that the log has of them', async () => {
  await upgraded();
  const sound = await digest();
  const [lost, changed, kept] = (await storedOffsets()).filter((offset) => offset < 40);
  const wait = 'SETTINGS mutations_sync = 2';
  await warehouse.command(`ALTER TABLE ntk.access_results DELETE WHERE offset = ${lost} ${wait}`);
  await warehouse.command(`ALTER TABLE ntk.access_results UPDATE verdict = 'throttle' WHERE offset = ${changed} ${wait}`);
  await warehouse.command(
    `INSERT INTO ntk.access_results SELECT * REPLACE (39 AS offset) FROM (SELECT * FROM ntk.access_results WHERE offset = ${kept})`,
  );
  const { ok, partitions } = await audit();
  const { missing, different, unexpected, unproved } = partitions[0]!;
  expect({ ok, missing, different, unexpected, unproved }).toEqual({
    ok: false,
    missing: 1,
    different: 1,
    unexpected: 1,
    unproved: [],
  });
  expect((await audit('mend')).repaired).toMatchObject({ rowsInserted: 2, rowsRemoved: 2, beyondRepair: 0 });
  expect((await audit()).ok).toBe(true);
  expect(await digest()).toEqual(sound);
});

test('a clean end whose checkpoint this engine cannot read is refused with the way on, also where the other release does not help', async () => {
  await judgedByEngineBefore();
  const [page] = await scored.checkpointKeys('page/programs/');
  await scored.putCheckpoint(page!, Buffer.from('as they lay then'));
  const line = new RegExp(
    `ends with a block of engine ${ENGINE_VERSION - 1}, .* the checkpoint at its end cannot be read: start .* once more, .* begin a new log, or data folder, with the same inputs`,
  );
  await expect(PartitionScorer.take(scored.options())).rejects.toThrow(line);
});
