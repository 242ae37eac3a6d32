/** Records that were lost outside (docs/gaps.md): what the refusal says, what accepting it changes, and that nothing else is dropped. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../services/domain/fold/fold.ts';
import { inputBelow } from '../../services/domain/fold/fold-input.ts';
import { entryHash, FIRST_ENTRY_HASH } from '../../services/domain/results/block.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { decodeRows } from '../../services/platform/warehouse/row-binary.ts';
import { acceptGap, type AcceptGapOptions } from '../../services/scorer/accept-gap.ts';
import { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { Scorer, type ScorerObserver } from '../../services/scorer/scorer.ts';
import { PartitionRefused } from '../../services/scorer/partition-refused.ts';
import { beforeAccessRead, beforeClaim, changed, dyingAtCommit, Killed } from './interruptions.ts';
import { type Block, contiguousEnd, ScoredLog } from './scored-log.ts';

const silent: ScorerObserver = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };

let scored: ScoredLog;
beforeEach(async () => {
  scored = await ScoredLog.make();
});
afterEach(() => scored.remove());

/** What the refusal of a partition tells a person to type. */
async function toldToType(): Promise<{ from: number; to: number } | null> {
  try {
    const scorer = await PartitionScorer.take(scored.options());
    await scorer.stop();
    return null;
  } catch (error) {
    if (!(error instanceof PartitionRefused) || error.code !== 'log_lost') throw error;
    const [, from, to] = /ntk accept-gap 0 (\d+) (\d+);/.exec(error.message) ?? [];
    return from === undefined ? null : { from: Number(from), to: Number(to) };
  }
}

function gapOptions(from: number, to: number, over: Partial<AcceptGapOptions> = {}): AcceptGapOptions {
  return { ...scored.options(), from, to, by: 'anna', reason: 'a disk was lost', ...over };
}

/** Rows of blocks by source offset. @throws Error when an offset was judged twice */
function rowsByOffset(blocks: readonly Pick<Block, 'rows'>[]): Map<number, string> {
  const rows = new Map<number, string>();
  for (const { rows: bytes } of blocks) {
    for (const { start, end, values } of decodeRows(ROW_COLUMNS, bytes)) {
      const offset = Number(values[0]);
      if (rows.has(offset)) throw new Error(`offset ${offset} was judged twice`);
      rows.set(offset, bytes.toString('latin1', start, end));
    }
  }
  return rows;
}

/** Folds ranges of the log one after the other as if nothing lay between them. Needs the whole log. */
async function folded(ranges: readonly (readonly [from: number, to: number])[]): Promise<Map<number, string>> {
  const fold = new PartitionFold({
    logId: scored.log.logId,
    partition: 0,
    partitions: 1,
    storedUser: (user) => user,
    authority: OPEN,
  });
  const blocks: { rows: Buffer }[] = [];
  for (const [from, to] of ranges) {
    fold.state.position = from;
    while (fold.state.position < to) {
      const batch = await scored.log.read('access', 0, fold.state.position, { maxRecords: 10_000, maxBytes: 1e9 });
      blocks.push({ rows: Buffer.from(fold.fold(inputBelow(batch, to), 0).rows.written()) });
    }
  }
  return rowsByOffset(blocks);
}

function within(rows: ReadonlyMap<number, string>, from: number, to: number): [number, string][] {
  return [...rows].filter(([offset]) => offset >= from && offset < to);
}

/** Every entry's hash follows from the one before. */
function expectChained(blocks: readonly Block[]): void {
  let before = FIRST_ENTRY_HASH;
  for (const { header } of blocks) {
    const { erasures: _, liveArrivals: __, authority: ___, entryHash: own, ...figures } = header;
    expect(entryHash(before, figures)).toBe(own);
    before = own;
  }
}

async function offsetsOfCheckpoints(): Promise<number[]> {
  return (await scored.checkpointKeys('manifest/')).map((key) => Number(key.slice('manifest/'.length)));
}

async function appendSegments(segments: number, records = 50): Promise<void> {
  for (let i = 0; i < segments; i++) await scored.append(records);
}

describe('records that nobody judged are gone', () => {
  test('with a checkpoint at the position the state is whole, and what is left is judged as if they had never been', async () => {
    await appendSegments(6);
    await (await scored.scored()).stop();
    await appendSegments(6);
    const expected = await folded([
      [0, 300],
      [400, 600],
    ]);
    await scored.log.deleteBefore('access', 0, 400);
    expect(await toldToType()).toEqual({ from: 300, to: 400 });
    expect(await acceptGap(gapOptions(300, 400))).toMatchObject({
      status: 'accepted',
      header: {
        first: 300,
        next: 400,
        accesses: 0,
        gap: { stateFrom: 300, stateTo: 400, by: 'anna', reason: 'a disk was lost' },
      },
    });
    const scorer = await scored.scored();
    expect({ refolded: scorer.refolded, position: scorer.position }).toEqual({ refolded: 0, position: 600 });
    const blocks = await scored.blocks();
    expect(contiguousEnd(blocks)).toBe(600);
    expectChained(blocks);
    expect(rowsByOffset(blocks)).toEqual(expected);
  });

  test('with an older checkpoint the state lacks what was judged since, and the entry says so', async () => {
    await appendSegments(4);
    await (await scored.scored()).stop();
    await appendSegments(2);
    await scored.scored();
    await appendSegments(6);
    const judged = await folded([[0, 300]]);
    const expected = await folded([
      [0, 200],
      [400, 600],
    ]);
    await scored.log.deleteBefore('access', 0, 400);
    expect(await toldToType()).toEqual({ from: 300, to: 400 });
    expect(await acceptGap(gapOptions(300, 400))).toMatchObject({
      status: 'accepted',
      header: { first: 300, next: 400, gap: { stateFrom: 200, stateTo: 400 } },
    });
    await scored.scored();
    const rows = rowsByOffset(await scored.blocks());
    expect(within(rows, 0, 300)).toEqual([...judged]);
    expect(within(rows, 400, 600)).toEqual(within(expected, 400, 600));
    expect(within(rows, 300, 400)).toEqual([]);
  });

  test('with no checkpoint at all the state begins empty, policy and all', async () => {
    await appendSegments(4);
    await scored.scored();
    await appendSegments(4);
    const expected = await folded([[300, 400]]);
    await scored.log.deleteBefore('access', 0, 300);
    expect(await toldToType()).toEqual({ from: 200, to: 300 });
    expect(await acceptGap(gapOptions(200, 300))).toMatchObject({
      status: 'accepted',
      hasPolicy: false,
      header: { gap: { stateFrom: 0, stateTo: 300 } },
    });
    await scored.scored();
    expect(within(rowsByOffset(await scored.blocks()), 300, 400)).toEqual([...expected]);
  });

  test('with the newest checkpoint damaged the one before it is the state', async () => {
    await appendSegments(2);
    await (await scored.scored()).stop();
    scored.clock.ms += 2 * 86_400_000;
    await appendSegments(2);
    await (await scored.scored()).stop();
    for (const key of await scored.checkpointKeys('page/head/')) {
      if (key.includes('/200/')) await scored.putCheckpoint(key, Buffer.from('damaged'));
    }
    await appendSegments(2);
    await scored.log.deleteBefore('access', 0, 250);
    expect(await toldToType()).toEqual({ from: 200, to: 250 });
    expect(await acceptGap(gapOptions(200, 250))).toMatchObject({ header: { gap: { stateFrom: 100, stateTo: 250 } } });
    await scored.scored();
    expect(contiguousEnd(await scored.blocks())).toBe(300);
  });
});

describe('only what was judged is gone', () => {
  test('a gap that covers no offset is accepted, and what the log still has goes into the state without a second verdict', async () => {
    await appendSegments(2);
    await (await scored.scored()).stop();
    await appendSegments(4);
    await scored.scored();
    await appendSegments(2);
    const judged = await folded([[0, 300]]);
    const expected = await folded([
      [0, 100],
      [200, 400],
    ]);
    await scored.log.deleteBefore('access', 0, 200);
    expect(await toldToType()).toEqual({ from: 300, to: 300 });
    expect(await acceptGap(gapOptions(300, 300))).toMatchObject({
      status: 'accepted',
      header: { first: 300, next: 300, gap: { stateFrom: 100, stateTo: 200 } },
    });
    await scored.scored();
    const rows = rowsByOffset(await scored.blocks());
    expect(contiguousEnd(await scored.blocks())).toBe(400);
    expect(within(rows, 0, 300)).toEqual([...judged]);
    expect(within(rows, 300, 400)).toEqual(within(expected, 300, 400));
  });
});

describe('what is not lost cannot be given up', () => {
  async function expectRefused(from: number, to: number, words: string): Promise<void> {
    const before = { ends: await scored.ends(), keys: await scored.checkpointKeys('') };
    expect(await acceptGap(gapOptions(from, to))).toEqual({ status: 'refused', why: expect.stringContaining(words) });
    expect({ ends: await scored.ends(), keys: await scored.checkpointKeys('') }).toEqual(before);
  }

  test('where nothing is lost nothing can be accepted, and a scorer at work is not fenced', async () => {
    await appendSegments(4);
    const scorer = await scored.scored();
    await appendSegments(2);
    await expectRefused(200, 250, 'partition 0 has lost nothing: offset 200 is next');
    expect((await scorer.step()).status).toBe('scored');
  });

  test('other numbers than those of the refusal are refused, and the right ones named', async () => {
    await appendSegments(4);
    await (await scored.scored()).stop();
    await appendSegments(4);
    await scored.log.deleteBefore('access', 0, 300);
    for (const [from, to] of [
      [200, 350],
      [150, 300],
      [200, 299],
      [0, 400],
    ] as const)
      await expectRefused(from, to, 'ntk accept-gap 0 200 300');
  });

  test('where the end of the log is lost there is no way on', async () => {
    await appendSegments(4);
    await (await scored.scored()).stop();
    scored.setEnd(150);
    await expect(PartitionScorer.take(scored.options())).rejects.toMatchObject({
      code: 'log_lost',
      message: expect.stringMatching(
        /ends at offset 150, but everything before 200 was judged.* restore the log from a copy, or begin a new log$/,
      ),
    });
    await expect(acceptGap(gapOptions(150, 200))).rejects.toMatchObject({ code: 'log_lost' });
  });
});

describe('accepting', () => {
  async function lose(): Promise<void> {
    await appendSegments(4);
    await (await scored.scored()).stop();
    await appendSegments(4);
    await scored.log.deleteBefore('access', 0, 300);
  }

  test('twice is once', async () => {
    await lose();
    const first = await acceptGap(gapOptions(200, 300));
    const ends = await scored.ends();
    expect(await acceptGap(gapOptions(200, 300, { by: 'otto' }))).toMatchObject({
      status: 'already_accepted',
      header: { gap: { by: 'anna' } },
    });
    expect(first.status).toBe('accepted');
    expect(await scored.ends()).toEqual(ends);
    await scored.scored();
    expect(await acceptGap(gapOptions(200, 300))).toMatchObject({ status: 'already_accepted' });
  });

  test('is all or nothing: killed before its transaction, everything is as it was', async () => {
    await lose();
    const before = { ends: await scored.ends(), keys: await scored.checkpointKeys('') };
    await expect(acceptGap(gapOptions(200, 300, { log: dyingAtCommit(scored.log, 1) }))).rejects.toBeInstanceOf(Killed);
    expect({ ends: await scored.ends(), keys: await scored.checkpointKeys('') }).toEqual(before);
    expect(await toldToType()).toEqual({ from: 200, to: 300 });
    expect((await acceptGap(gapOptions(200, 300))).status).toBe('accepted');
    expect(await toldToType()).toBeNull();
  });

  test('is not accepted where something changed while the state was made', async () => {
    await lose();
    const after = (happens: () => Promise<unknown>): EventLog => beforeClaim(scored.log, happens);
    const refused = { status: 'refused', why: expect.stringContaining('nothing was accepted; try again') };
    const lostMore = after(() => scored.log.deleteBefore('access', 0, 350));
    expect(await acceptGap(gapOptions(200, 300, { log: lostMore }))).toEqual(refused);
    const accepted = after(() => acceptGap(gapOptions(200, 350, { by: 'otto' })));
    expect(await acceptGap(gapOptions(200, 350, { log: accepted }))).toEqual(refused);
    const gaps = (await scored.blocks()).flatMap(({ header: { first, next, gap } }) =>
      gap ? [{ first, next, by: gap.by }] : [],
    );
    expect(gaps).toEqual([{ first: 200, next: 350, by: 'otto' }]);
    await scored.scored();
    expect(contiguousEnd(await scored.blocks())).toBe(400);
  });

  test('is not said to be done where another took the partition before it was', async () => {
    await lose();
    const before = { ends: await scored.ends(), keys: await scored.checkpointKeys('') };
    const claim: EventLog['claim'] = async (role, partition) => {
      const owner = await scored.log.claim(role, partition);
      await scored.log.claim(role, partition);
      return owner;
    };
    expect(await acceptGap(gapOptions(200, 300, { log: changed(scored.log, { claim }) }))).toEqual({ status: 'fenced' });
    expect({ ends: await scored.ends(), keys: await scored.checkpointKeys('') }).toEqual(before);
    expect(await toldToType()).toEqual({ from: 200, to: 300 });
  });

  test('is done in the next attempt where a scorer that waits for it looked at the partition in between', async () => {
    await lose();
    let claims = 0;
    const claim: EventLog['claim'] = async (role, partition) => {
      const owner = await scored.log.claim(role, partition);
      if (++claims === 1) await (await scored.log.claim(role, partition)).release();
      return owner;
    };
    expect((await acceptGap(gapOptions(200, 300, { log: changed(scored.log, { claim }) }))).status).toBe('accepted');
    expect(claims).toBe(2);
    await scored.scored();
    expect(contiguousEnd(await scored.blocks())).toBe(400);
  });

  test('needs the state that the last block speaks of: with another one nothing is accepted', async () => {
    await lose();
    await scored.changeLastHeader({ rowsHash: 'a'.repeat(64) });
    const ends = await scored.ends();
    await expect(acceptGap(gapOptions(200, 300))).rejects.toMatchObject({ code: 'hash_mismatch' });
    expect(await scored.ends()).toEqual(ends);
  });

  test('fences a scorer that still holds the partition', async () => {
    await appendSegments(4);
    const scorer = await scored.scored();
    await appendSegments(4);
    await scored.log.deleteBefore('access', 0, 300);
    expect((await acceptGap(gapOptions(200, 300))).status).toBe('accepted');
    await scored.append(50);
    await expect(scorer.step()).rejects.toMatchObject({ code: 'log_offset_out_of_range' });
    const ends = await scored.ends();
    await scorer.stop();
    expect(await scored.ends()).toEqual(ends);
  });

  test('keeps the checkpoint behind the gap as long as the log reaches back to it', async () => {
    await lose();
    await acceptGap(gapOptions(200, 300));
    // All on one day, of which otherwise the last is kept.
    for (let i = 0; i < 3; i++) {
      await appendSegments(1);
      await (await scored.scored()).stop();
    }
    expect(await offsetsOfCheckpoints()).toEqual([300, 550]);
    for (const key of await scored.checkpointKeys('manifest/')) {
      if (key.endsWith('550')) await scored.putCheckpoint(key, Buffer.from('damaged'));
    }
    const scorer = await scored.scored();
    expect(scorer.refolded).toBe(250);
    await scored.log.deleteBefore('access', 0, 400);
    await scorer.stop();
    expect(await offsetsOfCheckpoints()).toEqual([550]);
  });

  test('makes checkpoints from before the gap useless, even where one is there again', async () => {
    await lose();
    const old: [string, Buffer][] = [];
    for await (const { key, value } of scored.log.readKeyed('checkpoints', 0, '')) old.push([key, value]);
    await acceptGap(gapOptions(200, 300));
    for (const key of await scored.checkpointKeys('page/')) await scored.putCheckpoint(key, Buffer.from('damaged'));
    for (const [key, value] of old) await scored.putCheckpoint(key, value);
    expect(await toldToType()).toEqual({ from: 300, to: 300 });
    expect(await acceptGap(gapOptions(300, 300))).toMatchObject({ header: { gap: { stateFrom: 0, stateTo: 300 } } });
  });

  test('a second time, behind the first gap, goes on from the second', async () => {
    await lose();
    await acceptGap(gapOptions(200, 300));
    await appendSegments(2);
    await scored.log.deleteBefore('access', 0, 350);
    expect(await toldToType()).toEqual({ from: 300, to: 350 });
    await acceptGap(gapOptions(300, 350));
    await scored.scored();
    const blocks = await scored.blocks();
    expectChained(blocks);
    expect(blocks.flatMap(({ header }) => (header.gap === undefined ? [] : [[header.first, header.next]]))).toEqual([
      [200, 300],
      [300, 350],
    ]);
    expect(contiguousEnd(blocks)).toBe(500);
  });
});

describe('a scorer at work whose position retention passes', () => {
  test('ends with the line that says what to type, and keeps its state in a checkpoint first', async () => {
    await appendSegments(4);
    let isPassing = false;
    // Appended and gone again between two looks of the scorer.
    const log = beforeAccessRead(scored.log, async () => {
      if (!isPassing) return;
      isPassing = false;
      await appendSegments(4);
      await scored.log.deleteBefore('access', 0, 300);
    });
    const scorer = new Scorer({ ...scored.options(log), partitions: [0], observer: silent });
    await scorer.start();
    while (!(await scorer.isDrained())) await new Promise((resolve) => setImmediate(resolve));
    expect(await scored.checkpointKeys('')).toEqual([]);
    isPassing = true;
    await expect(scorer.ended()).rejects.toMatchObject({
      code: 'log_lost',
      message: expect.stringContaining('or go on without them: ntk accept-gap 0 200 300;'),
    });
    await scorer.stop();
    expect(await acceptGap(gapOptions(200, 300))).toMatchObject({ header: { gap: { stateFrom: 200, stateTo: 300 } } });
  });
});

describe('whatever is lost, whenever', () => {
  const part = fc.record({
    segments: fc.integer({ min: 0, max: 6 }),
    records: fc.integer({ min: 1, max: 60 }),
    ending: fc.constantFrom('stop', 'kill', 'kill with checkpoints', 'nobody judges'),
  });

  test('what is left is judged exactly once, and the same where the state lost only accesses', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (parts, share) => {
          await scored.remove();
          scored = await ScoredLog.make();
          for (const { segments, records, ending } of parts) {
            await appendSegments(segments, records);
            if (ending === 'nobody judges') continue;
            const scorer = await scored.scored(ending === 'kill with checkpoints' ? { checkpointRecords: 70 } : {});
            if (ending === 'stop') await scorer.stop();
          }
          const { end } = await scored.log.bounds('access', 0);
          const whole = await folded([[0, end]]);
          await scored.log.deleteBefore('access', 0, Math.floor(share * (end + 1)));
          const lost = await toldToType();
          if (lost !== null) expect((await acceptGap(gapOptions(lost.from, lost.to))).status).toBe('accepted');
          expect(await toldToType()).toBeNull();
          await scored.scored();
          const blocks = await scored.blocks();
          expect(contiguousEnd(blocks)).toBe(end);
          expectChained(blocks);
          const rows = rowsByOffset(blocks);
          const gap = blocks.find(({ header }) => header.gap !== undefined)?.header;
          const left = [...whole].filter(([offset]) => lost === null || offset < lost.from || offset >= lost.to);
          expect([...rows.keys()]).toEqual(left.map(([offset]) => offset));
          if (gap === undefined || !(await lostFacts(gap.gap!))) expect([...rows]).toEqual(left);
        },
      ),
      { numRuns: Number(process.env.NTK_GAP_RUNS ?? 40) },
    );
  });

  /** Of the records that `ScoredLog` makes, declarations and consents are known by their index. */
  async function lostFacts({ stateFrom, stateTo }: { stateFrom: number; stateTo: number }): Promise<boolean> {
    for (let index = stateFrom; index < stateTo; index++) if (index < 20 || index % 11 === 0) return true;
    return false;
  }
});
