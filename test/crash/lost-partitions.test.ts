/** A partition that was taken by another process, or that only a person can mend, beside others that go on. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeBlock } from '../../services/domain/results/block.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { Scorer, type ScorerObserver } from '../../services/scorer/scorer.ts';
import { PartitionWriter } from '../../services/writer/partition-writer.ts';
import { Writer, type WriterObserver } from '../../services/writer/writer.ts';
import { contiguousEnd, rowsOf, ScoredLog } from './scored-log.ts';

const LIMITS = { rowsMax: 1_000, bytesMax: 1024 * 1024 };
const silent: ScorerObserver & WriterObserver = {
  scored: () => {},
  taken: () => {},
  lost: () => {},
  failed: () => {},
  nearlyFull: () => {},
  written: () => {},
};

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make();
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}

/** Time that passes when the test says so. */
function heldClock(): { readonly clock: typeof scored.clock; readonly pauses: number[]; readonly pass: () => void } {
  const pauses: number[] = [];
  let passed = Promise.withResolvers<void>();
  const sleep = async (ms: number): Promise<void> => {
    pauses.push(ms);
    await passed.promise;
  };
  return {
    clock: Object.assign(Object.create(scored.clock) as typeof scored.clock, { sleep }),
    pauses,
    pass: () => {
      passed.resolve();
      passed = Promise.withResolvers();
    },
  };
}

describe('a partition that another has taken', () => {
  test('is taken back by the scorer it is assigned to, after a pause that /health can tell of', async () => {
    const { clock, pauses, pass } = heldClock();
    const lost: (number | null)[] = [];
    const observer = { ...silent, lost: (_: number, retakeInMs: number | null) => lost.push(retakeInMs) };
    const scorer = new Scorer({ ...scored.options(), clock, partitions: [0], onFenced: 'take again', observer });
    await scorer.start();
    await scored.append(100);
    await until(() => scorer.isDrained());
    const twin = new Scorer({ ...scored.options(), partitions: [0], observer: silent });
    await twin.start();
    await scored.append(100);
    await until(() => twin.isDrained());
    await until(() => lost.length > 0);
    await twin.stop();
    await scored.append(100);
    expect([lost, pauses]).toEqual([[5_000], [5_000]]);
    expect(scorer.troubles().get(0)?.message).toMatch(/another scorer has taken it; .* taken back within 5000 ms/);
    pass();
    await until(() => scorer.isDrained());
    expect(scorer.troubles().size).toBe(0);
    await scorer.stop();
    const blocks = await scored.blocks();
    expect(contiguousEnd(blocks)).toBe(300);
    expect(rowsOf(blocks)).toEqual((await scored.undisturbed()).rows);
  });

  test('is taken back by the writer it is assigned to, and others do not wait for that', async () => {
    const scorer = new Scorer({ ...scored.options(), partitions: [0], observer: silent });
    await scorer.start();
    const lost: (number | null)[] = [];
    let aheadMs = 0;
    const clock = Object.assign(Object.create(scored.clock) as typeof scored.clock, {
      monotonicMs: () => performance.now() + aheadMs,
    });
    const writer = new Writer({
      log: scored.log,
      warehouse,
      limits: LIMITS,
      partitions: [0],
      clock,
      groupWaitMs: 10,
      onFenced: 'take again',
      observer: { ...silent, lost: (_, retakeInMs) => lost.push(retakeInMs) },
    });
    await writer.start();
    const twin = await PartitionWriter.take({ log: scored.log, warehouse, limits: LIMITS, partition: 0 });
    await scored.append(100);
    await until(() => scorer.isDrained());
    await until(() => lost.length > 0);
    expect(writer.troubles().get(0)?.message).toMatch(/another writer has taken it; it is taken back within 5000 ms/);
    await twin.release();
    aheadMs = 5_000;
    writer.flush();
    await until(() => writer.isDrained());
    expect([lost, writer.troubles().size]).toEqual([[5_000], 0]);
    await Promise.all([scorer.stop(), writer.stop()]);
  });
});

test('blocks that do not follow one another keep the writer of several from that partition only, until somebody mends it', async () => {
  const scorer = new Scorer({ ...scored.options(), partitions: [0], observer: silent });
  await scorer.start();
  for (let i = 0; i < 4; i++) {
    await scored.append(60);
    await until(() => scorer.isDrained());
  }
  await scorer.stop();
  const blocks = (await scored.blocks()).map((block) => encodeBlock(block));
  const log = await openSqliteLog({ path: join(scored.folder, 'two.db'), create: true, partitions: 2, clock: scored.clock });
  // Partition 0 lacks a block, partition 1 has them all.
  const holed = blocks.filter((_, i) => i !== 1);
  await log.commit({
    appends: [
      { stream: 'results', partition: 0, values: holed },
      { stream: 'results', partition: 1, values: blocks },
    ],
  });
  const refused: number[] = [];
  const writer = new Writer({
    log,
    warehouse,
    limits: LIMITS,
    partitions: [0, 1],
    clock: scored.clock,
    groupWaitMs: 10,
    onRefused: 'park',
    observer: { ...silent, refused: (partition) => refused.push(partition) },
  });
  await writer.start();
  const over = writer.ended();
  await Promise.race([
    over,
    until(async () => refused.length > 0 && (await log.position('writer', 1))?.offset === blocks.length),
  ]);
  expect(refused).toEqual([0]);
  expect([...writer.troubles()].map(([partition, { isParked }]) => [partition, isParked])).toEqual([[0, true]]);
  await writer.stop();
  await log.close();
});
