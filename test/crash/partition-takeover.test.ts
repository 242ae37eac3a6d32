/** Who owns a partition, what they begin from, and when they refuse to: the scorer on a log of SQLite. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINE_VERSION } from '../../services/domain/engine.ts';
import { LogError, type Owner } from '../../services/platform/log/event-log.ts';
import { decodeManifest } from '../../services/scorer/manifest.ts';
import { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { Scorer, type ScorerObserver } from '../../services/scorer/scorer.ts';
import { PartitionRefused } from '../../services/scorer/partition-refused.ts';
import { beforeClaim, changed, failing } from './interruptions.ts';
import { contiguousEnd, rowsOf, ScoredLog } from './scored-log.ts';

const DAY_MS = 86_400_000;
const silent: ScorerObserver = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };

let scored: ScoredLog;
beforeEach(async () => {
  scored = await ScoredLog.make();
});
afterEach(() => scored.remove());

async function refusal(take: Promise<unknown>): Promise<string> {
  const error = await take.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof PartitionRefused) return error.code;
  throw new Error(`not refused: ${String(error)}`);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describe('two scorers of one partition', () => {
  test('the later fences the earlier, which writes nothing any more', async () => {
    await scored.append(120);
    const earlier = await PartitionScorer.take(scored.options());
    expect((await earlier.step()).status).toBe('scored');
    const later = await PartitionScorer.take(scored.options());
    const before = await scored.ends();
    expect((await earlier.step()).status).toBe('fenced');
    await earlier.stop();
    expect(await scored.ends()).toEqual(before);
    expect(await scored.checkpointKeys('')).toEqual([]);
    while ((await later.step()).status !== 'idle');
    expect(contiguousEnd(await scored.blocks())).toBe(120);
    expect(rowsOf(await scored.blocks())).toEqual((await scored.undisturbed()).rows);
  });

  test('the later begins behind what the earlier judged until it was fenced, and judges none of it again', async () => {
    await scored.append(120);
    const earlier = await PartitionScorer.take(scored.options());
    const later = await PartitionScorer.take(scored.options(beforeClaim(scored.log, () => earlier.step())));
    expect([later.position, later.refolded]).toEqual([50, 50]);
    while ((await later.step()).status !== 'idle');
    expect(contiguousEnd(await scored.blocks())).toBe(120);
    expect(rowsOf(await scored.blocks())).toEqual((await scored.undisturbed()).rows);
  });

  test('the one that is fenced gives up by itself and the other goes on where it was', async () => {
    const lost: number[] = [];
    const earlier = new Scorer({
      ...scored.options(),
      partitions: [0],
      observer: { ...silent, lost: (partition) => lost.push(partition) },
    });
    await earlier.start();
    await scored.append(300);
    await until(() => earlier.isDrained());
    const later = new Scorer({ ...scored.options(), partitions: [0], observer: silent });
    await later.start();
    await scored.append(300);
    await earlier.ended();
    await until(() => later.isDrained());
    await later.stop();
    expect(lost).toEqual([0]);
    const blocks = await scored.blocks();
    expect(contiguousEnd(blocks)).toBe(600);
    const expected = await scored.undisturbed();
    expect(rowsOf(blocks)).toEqual(expected.rows);
    expect((await scored.values('verdicts')).map(String)).toEqual(expected.verdicts);
  });
});

describe('a commit that fails', () => {
  test.each(['before', 'after'] as const)(
    '%s it was written drops the state; every record is judged once all the same',
    async (side) => {
      await scored.append(400);
      const failures: string[] = [];
      const refolds: number[] = [];
      const log = failing(scored.log, (commit) => ([1, 4, 5, 7].includes(commit) ? side : null));
      const scorer = new Scorer({
        ...scored.options(log),
        partitions: [0],
        observer: {
          ...silent,
          failed: (_, error) => failures.push((error as LogError).code),
          taken: (_, position, refolded) => refolds.push(position - refolded),
        },
      });
      await scorer.start();
      await until(() => scorer.isDrained());
      await scorer.stop();
      expect(failures).toHaveLength(4);
      // Without a checkpoint everything is folded again in silence.
      expect(refolds).toEqual([0, 0, 0, 0, 0]);
      const blocks = await scored.blocks();
      expect(contiguousEnd(blocks)).toBe(400);
      const expected = await scored.undisturbed();
      expect(rowsOf(blocks)).toEqual(expected.rows);
      expect((await scored.values('verdicts')).map(String)).toEqual(expected.verdicts);
    },
  );

  test('while checkpoints are written leaves each of them whole or not there', async () => {
    await scored.append(1_000);
    const log = failing(scored.log, (commit, { puts = [] }) =>
      puts.length > 0 && commit % 2 === 0 ? (commit % 4 === 0 ? 'after' : 'before') : null,
    );
    const scorer = new Scorer({ ...scored.options(log), partitions: [0], checkpointRecords: 60, observer: silent });
    await scorer.start();
    await until(() => scorer.isDrained());
    await scorer.stop().catch((error: unknown) => expect(error).toBeInstanceOf(LogError));
    const blocks = await scored.blocks();
    expect(contiguousEnd(blocks)).toBe(1_000);
    expect(rowsOf(blocks)).toEqual((await scored.undisturbed()).rows);
    const again = await PartitionScorer.take(scored.options());
    expect(again.position).toBe(1_000);
    expect(again.refolded).toBeLessThan(200);
  });

  test('or is still under way leaves its records waiting, judged as they are', async () => {
    await scored.append(30);
    const { promise: answer, resolve: answerIt } = Promise.withResolvers<null>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const log = failing(scored.log, () => {
      ask();
      return answer;
    });
    const scorer = new Scorer({ ...scored.options(log), partitions: [0], observer: silent });
    await scorer.start();
    await asked;
    expect(await scorer.isDrained()).toBe(false);
    expect(scorer.owned().get(0)?.position).toBe(0);
    answerIt(null);
    await until(() => scorer.isDrained());
    expect(contiguousEnd(await scored.blocks())).toBe(30);
    await scorer.stop();
  });

  test('at a clean stop is told, and still every partition is given back', async () => {
    await scored.append(100);
    const log = failing(scored.log, (_, { appends }) => (appends === undefined ? 'before' : null));
    const scorer = new Scorer({ ...scored.options(log), partitions: [0], observer: silent });
    await scorer.start();
    await until(() => scorer.isDrained());
    const [owned] = scorer.owned().values();
    await expect(scorer.stop()).rejects.toThrow('made up');
    await scored.append(10);
    expect((await owned!.step()).status).toBe('fenced');
  });
});

describe('a checkpoint', () => {
  /** Checkpoints at 200, 400 and 600, a day apart, and 50 more records behind the last. */
  async function threeCheckpoints(): Promise<string[]> {
    for (let day = 0; day < 3; day++) {
      await scored.append(200);
      await (await scored.scored()).stop();
      scored.clock.ms += DAY_MS;
    }
    await scored.append(50);
    await scored.scored();
    return scored.checkpointKeys('manifest/');
  }

  async function offsets(): Promise<number[]> {
    return (await scored.checkpointKeys('manifest/')).map((key) => Number(key.slice('manifest/'.length)));
  }

  async function lastHash(): Promise<string> {
    return (await scored.blocks()).at(-1)!.header.rowsHash;
  }

  test('is where a scorer begins; it folds again only what follows', async () => {
    const manifests = await threeCheckpoints();
    expect(manifests).toHaveLength(3);
    const scorer = await PartitionScorer.take(scored.options());
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 650, refolded: 50 });
    expect(scorer.state.chain.hash).toBe(await lastHash());
  });

  test.each([
    ['a page of it is gone', (_: Buffer): Buffer | null => null],
    ['a page of it is damaged', (value: Buffer): Buffer => Buffer.concat([value.subarray(0, -9), Buffer.from('not pages')])],
    ['a page of it is another one', (_: Buffer): Buffer => Buffer.from('KLUv/QRYIQAAeHh4eEvnAcY=', 'base64')],
  ])('is passed over for the one before when %s', async (_, damage) => {
    await threeCheckpoints();
    for (const key of (await scored.checkpointKeys('page/')).filter((each) => each.split('/')[3] === '600')) {
      await scored.putCheckpoint(key, damage((await scored.log.getKeyed('checkpoints', 0, key))!));
    }
    const scorer = await PartitionScorer.take(scored.options());
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 650, refolded: 250 });
    expect(scorer.state.chain.hash).toBe(await lastHash());
    await scored.append(100);
    while ((await scorer.step()).status !== 'idle');
    expect(rowsOf(await scored.blocks())).toEqual((await scored.undisturbed()).rows);
    // It is not kept as the last one of its day.
    await scorer.stop();
    expect(await offsets()).toEqual([200, 400, 750]);
  });

  test('is passed over for the one before when a page of it is as it was in that one', async () => {
    await threeCheckpoints();
    const before = await scored.log.getKeyed('checkpoints', 0, 'page/window/0/400/0');
    expect(await scored.checkpointKeys('page/window/0/600/')).toHaveLength(1);
    await scored.putCheckpoint('page/window/0/600/0', before);
    const scorer = await PartitionScorer.take(scored.options());
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 650, refolded: 250 });
  });

  test('is kept no longer than the log reaches back to it', async () => {
    await threeCheckpoints();
    await scored.log.deleteBefore('access', 0, 400);
    await (await scored.scored()).stop();
    expect(await offsets()).toEqual([400, 600, 650]);
    expect((await scored.checkpointKeys('page/head/')).map((key) => Number(key.split('/')[3]))).toEqual([400, 600, 650]);
  });

  test('is not needed: with all of them damaged the log is folded from its beginning', async () => {
    for (const manifest of await threeCheckpoints()) await scored.putCheckpoint(manifest, Buffer.from('{"engine":1}'));
    const scorer = await PartitionScorer.take(scored.options());
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 650, refolded: 650 });
    expect(scorer.state.chain.hash).toBe(await lastHash());
  });

  test('of many pages is written by a stop in several transactions, and one that is cut off between them does not count', async () => {
    await scored.appendPrograms(6_000);
    let written = 0;
    let cutAt = Number.POSITIVE_INFINITY;
    const log = failing(scored.log, (_, { appends }) => (appends === undefined && ++written > cutAt ? 'before' : null));
    cutAt = 1;
    await expect((await scored.scored({ log })).stop()).rejects.toThrow('made up');
    expect((await PartitionScorer.take(scored.options())).refolded).toBe(6_000);
    expect(await scored.checkpointKeys('manifest/')).toEqual([]);

    cutAt = Number.POSITIVE_INFINITY;
    written = 0;
    await (await scored.scored({ log })).stop();
    expect(written).toBeGreaterThan(1);
    const again = await PartitionScorer.take(scored.options());
    expect({ refolded: again.refolded, programs: again.state.counts().programs }).toEqual({ refolded: 0, programs: 6_000 });
  });

  test('that is damaged is replaced at the next clean stop, and nothing of it is left', async () => {
    await scored.append(200);
    await (await scored.scored()).stop();
    const [head] = await scored.checkpointKeys('page/head/');
    await scored.putCheckpoint(head!, null);
    await scored.putCheckpoint('page/limits/7/200/0', Buffer.from('of a page that is no more'));
    const mended = await PartitionScorer.take(scored.options());
    expect(mended.refolded).toBe(200);
    await mended.stop();
    expect((await PartitionScorer.take(scored.options())).refolded).toBe(0);
  });
});

describe('a checkpoint that took the place of a damaged one', () => {
  test('is kept like any other, as the last of its day', async () => {
    await scored.append(200);
    await (await scored.scored()).stop();
    const [head] = await scored.checkpointKeys('page/head/');
    await scored.putCheckpoint(head!, null);
    const mended = await PartitionScorer.take({ ...scored.options(), checkpointIntervalMs: 1_000 });
    scored.clock.ms += 1_000;
    await mended.step();
    scored.clock.ms += DAY_MS;
    await scored.append(50);
    while ((await mended.step()).status !== 'idle');
    await mended.stop();
    expect(await scored.checkpointKeys('manifest/')).toEqual(['manifest/0000000000000200', 'manifest/0000000000000250']);
  });
});

describe('a partition is refused, and nothing is judged', () => {
  async function refused(): Promise<{ code: string; isUntouched: boolean }> {
    const before = await scored.ends();
    await scored.append(30);
    const scorer = new Scorer({ ...scored.options(), partitions: [0], observer: silent });
    const code = await refusal(scorer.start());
    await scorer.stop();
    const after = await scored.ends();
    return { code, isUntouched: JSON.stringify(before) === JSON.stringify(after) };
  }

  test.each([true, false])('when the rows were others than the log gives (checkpoint at the end: %s)', async (withCheckpoint) => {
    await scored.append(130);
    const scorer = await scored.scored();
    if (withCheckpoint) await scorer.stop();
    await scored.changeLastHeader({ rowsHash: 'a'.repeat(64) });
    expect(await refused()).toEqual({ code: 'hash_mismatch', isUntouched: true });
  });

  test('nor kept: what was claimed for it is given back', async () => {
    await scored.append(130);
    await scored.scored();
    await scored.changeLastHeader({ rowsHash: 'a'.repeat(64) });
    const held = new Set<Owner>();
    const log = changed(scored.log, {
      claim: async (role, partition) => {
        const owner = await scored.log.claim(role, partition);
        held.add(owner);
        return { ...owner, commit: (transaction) => owner.commit(transaction), release: async () => void held.delete(owner) };
      },
    });
    expect(await refusal(PartitionScorer.take(scored.options(log)))).toBe('hash_mismatch');
    expect(held.size).toBe(0);
  });

  test('when users are hashed with another key', async () => {
    await scored.append(130);
    await scored.scored();
    expect(await refusal(PartitionScorer.take({ ...scored.options(), storedUser: (user) => `x${user}` }))).toBe('hash_mismatch');
  });

  test('when users are hashed with another key, also at a clean end, where nothing has to be folded again', async () => {
    await scored.append(130);
    await (await scored.scored()).stop();
    const otherKey = { ...scored.options(), storedUser: (user: string) => `x${user}` };
    expect(await refusal(PartitionScorer.take(otherKey))).toBe('users_changed');
    expect((await PartitionScorer.take(scored.options())).refolded).toBe(0);
  });

  test('when the log begins behind what has to be folded again', async () => {
    await scored.append(1_000);
    await scored.scored();
    await scored.append(1_000);
    await scored.log.deleteBefore('access', 0, 1_000);
    expect(await refused()).toEqual({ code: 'log_lost', isUntouched: true });
  });

  test('when the log begins behind the position, whatever checkpoint there is', async () => {
    await scored.append(1_000);
    await (await scored.scored()).stop();
    await scored.append(1_000);
    await scored.append(1_000);
    await scored.log.deleteBefore('access', 0, 2_000);
    expect(await refused()).toEqual({ code: 'log_lost', isUntouched: true });
  });

  test('but not when a checkpoint stands where the log begins', async () => {
    await scored.append(1_000);
    await (await scored.scored()).stop();
    await scored.append(1_000);
    await scored.log.deleteBefore('access', 0, 1_000);
    const scorer = await scored.scored();
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 2_000, refolded: 0 });
    expect(contiguousEnd(await scored.blocks())).toBe(2_000);
  });

  test('when another engine made the last block and no checkpoint stands at its end', async () => {
    await scored.append(130);
    await scored.scored();
    await scored.changeLastHeader({ engine: ENGINE_VERSION + 1 });
    expect(await refused()).toEqual({ code: 'engine_changed', isUntouched: true });
  });

  test('when another catalogue made the last block and the checkpoint stands before its end', async () => {
    await scored.append(130);
    await (await scored.scored()).stop();
    await scored.append(20);
    await scored.scored();
    await scored.changeLastHeader({ catalogueHash: 'b'.repeat(64) });
    expect(await refused()).toEqual({ code: 'engine_changed', isUntouched: true });
  });

  test('but not when another engine ended cleanly with a checkpoint', async () => {
    await scored.append(130);
    await (await scored.scored()).stop();
    await scored.changeLastHeader({ engine: ENGINE_VERSION + 1 });
    const [key] = await scored.checkpointKeys('manifest/');
    const manifest = decodeManifest((await scored.log.getKeyed('checkpoints', 0, key!))!)!;
    await scored.putCheckpoint(key!, Buffer.from(JSON.stringify({ ...manifest, engine: ENGINE_VERSION + 1 })));
    await scored.append(70);
    const scorer = await scored.scored();
    expect({ position: scorer.position, refolded: scorer.refolded }).toEqual({ position: 200, refolded: 0 });
    expect(contiguousEnd(await scored.blocks())).toBe(200);
  });
});
