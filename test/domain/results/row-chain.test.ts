import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainAfterGap, chainStart, OFFSETS_PER_GROUP, RowChain } from '../../../services/domain/results/row-chain.ts';

interface Row {
  readonly offset: number;
  readonly bytes: Buffer;
}

function extend(chain: RowChain, rows: readonly Row[]): string {
  const ends: number[] = [];
  let end = 0;
  for (const { bytes } of rows) ends.push((end += bytes.length));
  return chain.extend(
    Buffer.concat(rows.map(({ bytes }) => bytes)),
    rows.map(({ offset }) => offset),
    ends,
  );
}

const rows = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 200 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }), {
    maxLength: 80,
  })
  .map((list) => {
    let offset = -1;
    return list.map(({ gap, bytes }) => ({ offset: (offset += gap), bytes: Buffer.from(bytes) }));
  });

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** As it is described: a link for each 256 offsets that have rows, each over the link before. */
function slowly(first: string, all: readonly Row[]): string {
  const groups = Map.groupBy(all, ({ offset }) => Math.floor(offset / 256));
  const links = [...groups.values()].map((some) => some.map(({ bytes }) => bytes));
  return links.reduce((link, bytes) => sha256(link, ...bytes), sha256(first)).toString('hex');
}

describe('the chained hash over rows', () => {
  it('is that of each 256 offsets over the one before, from the log’s own beginning or from a gap', () => {
    expect(OFFSETS_PER_GROUP).toBe(256);
    fc.assert(
      fc.property(rows, (all) => {
        expect(extend(new RowChain(chainStart('log', 3)), all)).toBe(slowly('ntk rows log 3', all));
        const behind = new RowChain(chainAfterGap('beef', 70, { stateFrom: 5, stateTo: 9 }));
        expect(extend(behind, all)).toBe(slowly('ntk rows after a gap beef 70 5 9', all));
      }),
    );
  });

  it('is the same whatever the batches were, also when taken up from its state', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (all, sizes) => {
        const whole = extend(new RowChain(chainStart('log', 3)), all);
        let chain = new RowChain(chainStart('log', 3));
        for (let at = 0, n = 0; at < all.length; n++) {
          const size = sizes[n % sizes.length]!;
          extend(chain, all.slice(at, at + size));
          chain = new RowChain(chain.state);
          at += size;
        }
        expect(chain.hash).toBe(whole);
      }),
    );
  });

  it('changes with any byte, and with a row that is left out', () => {
    const all: Row[] = Array.from({ length: 600 }, (_, offset) => ({ offset, bytes: Buffer.from(`row ${offset}`) }));
    const whole = extend(new RowChain(chainStart('log', 0)), all);
    const changed = all.map((row) => (row.offset === 17 ? { ...row, bytes: Buffer.from('row 18') } : row));
    expect(extend(new RowChain(chainStart('log', 0)), changed)).not.toBe(whole);
    expect(
      extend(
        new RowChain(chainStart('log', 0)),
        all.filter(({ offset }) => offset !== 300),
      ),
    ).not.toBe(whole);
    expect(extend(new RowChain(chainStart('log', 1)), all)).not.toBe(whole);
  });
});
