import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { PAGE_KINDS, type PageKind } from '../../../services/domain/fold/partition-state.ts';
import { EVENTS, POLICY_YAML } from '../../conformance/example.ts';
import { foldAll, foldInput, partitioned, type PlacedRecord } from './partitioned.ts';

const PARTITIONS = 2;
const records = partitioned(EVENTS, POLICY_YAML, PARTITIONS);
/** Small, so that ids leave the window while the example runs. */
const WINDOW = 500;

function newFold(partition: number): PartitionFold {
  return new PartitionFold({
    logId: 'example',
    partition,
    partitions: PARTITIONS,
    storedUser: (user) => user,
    authority: OPEN,
    windowCapacity: WINDOW,
  });
}

interface Folded {
  readonly rows: Buffer;
  readonly verdicts: readonly string[];
  readonly rejects: readonly string[];
  readonly hash: string;
}

/** Pages as a store keeps them: the newest version of each. */
class Pages {
  readonly #bytes: Record<PageKind, Buffer[]> = { head: [], programs: [], consents: [], limits: [], window: [] };

  takeOne(fold: PartitionFold): boolean {
    const next = fold.state.nextPage();
    if (next === null) return false;
    this.#bytes[next.kind][next.page] = next.bytes;
    return true;
  }

  restored(partition: number): PartitionFold {
    const fold = newFold(partition);
    fold.state.restore(this.#bytes);
    return fold;
  }
}

/**
 * Folds in batches that end at `cuts`. After a cut in `checkpoints` a checkpoint begins; its pages are taken a few a batch while
 * the fold goes on; when it is complete, the fold is thrown away and taken up from it, and what lies between is folded again.
 */
function fold(
  partition: number,
  placed: readonly PlacedRecord[],
  cuts: readonly number[],
  checkpoints: ReadonlySet<number>,
): Folded {
  let current = newFold(partition);
  const pages = new Pages();
  let underWay = false;
  const rows = new Map<number, Buffer>();
  const verdicts: string[] = [];
  const rejects: string[] = [];
  let told = 0;
  for (let i = 0; i < cuts.length; ) {
    const from = current.state.position;
    foldAll(current, foldInput(placed, { from, to: cuts[i]! }), (outcome) => {
      outcome.rowOffsets.forEach((offset, n) => {
        const row = Buffer.from(outcome.rows.written().subarray(n === 0 ? 0 : outcome.rowEnds[n - 1], outcome.rowEnds[n]));
        const before = rows.get(offset);
        if (before !== undefined) expect(row.equals(before)).toBe(true);
        rows.set(offset, row);
      });
      if (outcome.next <= told) return;
      told = outcome.next;
      verdicts.push(...outcome.verdicts);
      rejects.push(...outcome.rejected);
    });
    if (underWay) {
      for (let n = 0; n < 3 && underWay; n++) underWay = pages.takeOne(current);
      if (!underWay) {
        current = pages.restored(partition);
        i = cuts.findIndex((cut) => cut > current.state.position);
        if (i === -1) break;
        continue;
      }
    } else if (checkpoints.has(i)) {
      current.state.beginCheckpoint();
      underWay = true;
    }
    i++;
  }
  return {
    rows: Buffer.concat([...rows.entries()].sort(([a], [b]) => a - b).map(([, row]) => row)),
    verdicts,
    rejects,
    hash: current.state.chain.hash,
  };
}

describe('the fold', () => {
  const whole = records.map((placed, partition) => fold(partition, placed, [placed.length], new Set()));

  it('gives the same rows, verdicts, rejects and chained hash whatever the batches, checkpoints and restarts are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: PARTITIONS - 1 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 60 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 6 }),
        (partition, places, checkpointed) => {
          const placed = records[partition]!;
          const cuts = [...new Set([...places.map((place) => Math.min(place * 3, placed.length)), placed.length])].sort(
            (a, b) => a - b,
          );
          const result = fold(partition, placed, cuts, new Set(checkpointed));
          const expected = whole[partition]!;
          expect(result.hash).toBe(expected.hash);
          expect(result.rows.equals(expected.rows)).toBe(true);
          expect(result.verdicts).toEqual(expected.verdicts);
          expect(result.rejects).toEqual(expected.rejects);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('drops what is below its position, so that a batch read twice changes nothing', () => {
    const placed = records[0]!;
    const twice = newFold(0);
    foldAll(twice, foldInput(placed, { from: 0, to: 600 }), () => {});
    foldAll(twice, foldInput(placed, { from: 300, to: placed.length }), () => {});
    expect(twice.state.chain.hash).toBe(whole[0]!.hash);
  });

  it('keeps its state in pages of every kind', () => {
    const whole = newFold(0);
    foldAll(whole, foldInput(records[0]!, { from: 0, to: records[0]!.length }), () => {});
    whole.state.beginCheckpoint();
    const kinds = new Set<string>();
    for (let next = whole.state.nextPage(); next !== null; next = whole.state.nextPage()) kinds.add(next.kind);
    expect([...kinds].sort()).toEqual([...PAGE_KINDS].sort());
  });
});
