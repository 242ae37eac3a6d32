/** How far scorer and writer are behind the log: how many records, and for how long the oldest has been waiting. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Scorer } from '../../../services/scorer/scorer.ts';
import { backlogOf, unwrittenOf } from '../../../services/system/running/backlog.ts';
import type { Writer } from '../../../services/writer/writer.ts';
import { ScoredLog } from '../../crash/scored-log.ts';

let scored: ScoredLog;
let startMs: number;
beforeEach(async () => {
  scored = await ScoredLog.make(2);
  startMs = scored.clock.ms;
});
afterEach(() => scored.remove());

/** What is asked of a scorer: what it has, by position, and what stands still. */
const scorerWith = (positions: readonly (readonly [number, number])[], standing: readonly number[] = []): Scorer =>
  ({
    owned: () => new Map(positions.map(([partition, position]) => [partition, { position }])),
    troubles: () => new Map(standing.map((partition) => [partition, { message: '', isParked: true }])),
  }) as unknown as Scorer;

const writerWith = (owned: readonly (readonly [number, { storedUpTo: number; offset: number }])[]): Writer =>
  ({ partitions: [0], owned: () => new Map(owned) }) as unknown as Writer;

async function appendAt(ms: number, records: number): Promise<void> {
  scored.clock.ms = startMs + ms;
  await scored.append(records);
}

test('what is not judged yet is counted from where each partition stands, and is as old as its first record', async () => {
  const { log } = scored;
  expect(await backlogOf({ scorer: null, log }, startMs)).toEqual({ records: new Map(), oldestWaitMs: 0 });
  await appendAt(1_000, 50);
  await appendAt(5_000, 30);
  const at = (position: number): ReturnType<typeof backlogOf> =>
    backlogOf({ scorer: scorerWith([[0, position]]), log }, startMs + 9_000);
  expect(await at(0)).toEqual({ records: new Map([[0, 80]]), oldestWaitMs: 8_000 });
  expect(await at(50)).toEqual({ records: new Map([[0, 30]]), oldestWaitMs: 4_000 });
  expect(await at(80)).toEqual({ records: new Map([[0, 0]]), oldestWaitMs: 0 });
  // One that has nothing to wait for says nothing of the others.
  const both = await backlogOf(
    {
      scorer: scorerWith([
        [0, 0],
        [1, 0],
      ]),
      log,
    },
    startMs + 9_000,
  );
  expect(both.oldestWaitMs).toBe(8_000);
  // A clock that was set back, and records that are gone before they were judged.
  expect((await backlogOf({ scorer: scorerWith([[0, 0]]), log }, startMs)).oldestWaitMs).toBe(0);
  await log.deleteBefore('access', 0, 50);
  expect(await at(20)).toEqual({ records: new Map([[0, 60]]), oldestWaitMs: 4_000 });
});

test('a partition that stands still falls behind, too, from where it was judged to', async () => {
  const { log } = scored;
  await appendAt(1_000, 50);
  const standing = (nowMs: number): ReturnType<typeof backlogOf> =>
    backlogOf({ scorer: scorerWith([], [0]), log }, startMs + nowMs);
  expect(await standing(3_000)).toEqual({ records: new Map([[0, 50]]), oldestWaitMs: 2_000 });
  await scored.scored();
  await appendAt(5_000, 20);
  expect(await standing(6_000)).toEqual({ records: new Map([[0, 20]]), oldestWaitMs: 1_000 });
  // What it has counts before what was committed.
  const both = await backlogOf({ scorer: scorerWith([[0, 60]], [0]), log }, startMs + 6_000);
  expect(both.records).toEqual(new Map([[0, 10]]));
});

test('what is judged and not stored is counted in records, and is as old as the block that holds the first', async () => {
  const { log } = scored;
  expect(await unwrittenOf({ writer: null, log }, startMs)).toEqual({ records: new Map(), oldestWaitMs: 0 });
  await appendAt(1_000, 50);
  scored.clock.ms = startMs + 2_000;
  await (await scored.scored()).stop();
  await appendAt(3_000, 30);
  scored.clock.ms = startMs + 4_000;
  await (await scored.scored()).stop();
  await appendAt(5_000, 10);
  const at = (writer: Writer): ReturnType<typeof unwrittenOf> => unwrittenOf({ writer, log }, startMs + 9_000);
  expect(await at(writerWith([]))).toEqual({ records: new Map([[0, 80]]), oldestWaitMs: 7_000 });
  expect(await at(writerWith([[0, { storedUpTo: 50, offset: 1 }]]))).toEqual({
    records: new Map([[0, 30]]),
    oldestWaitMs: 5_000,
  });
  expect(await at(writerWith([[0, { storedUpTo: 80, offset: 2 }]]))).toEqual({ records: new Map([[0, 0]]), oldestWaitMs: 0 });
  const owner = await log.claim('writer', 0);
  await owner.commit({ position: { consumer: 'writer', partition: 0, offset: 1, note: '{"next":50}' } });
  expect(await at(writerWith([]))).toEqual({ records: new Map([[0, 30]]), oldestWaitMs: 5_000 });
});
