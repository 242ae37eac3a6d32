import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PiecedRows } from '../../../services/domain/state/columns.ts';

const STRIDE = 3;
/** Pieces of eight rows, pages of four. */
const SHIFT = 3;
const PAGE = 4;

/** Where a row lies follows from its number, whatever else there is. */
function cellsOf(rows: PiecedRows, slot: number): number[] {
  const at = (slot % (1 << SHIFT)) * STRIDE;
  return [...rows.pieceOf(slot).subarray(at, at + STRIDE)];
}

test('rows in pieces come back from stored pages, and from narrower ones with zeros in what was not stored', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: STRIDE }), (count, stride) => {
      const rows = new PiecedRows(STRIDE, SHIFT);
      rows.reserve(count);
      for (let slot = 0; slot < count; slot++) {
        const at = (slot % (1 << SHIFT)) * STRIDE;
        for (let cell = 0; cell < STRIDE; cell++) rows.pieceOf(slot)[at + cell] = slot + cell / 10;
      }
      const again = new PiecedRows(STRIDE, SHIFT);
      for (let from = 0; from < count; from += PAGE) {
        const to = Math.min(count, from + PAGE);
        const page = rows.bytesOf(from, to);
        expect(page.length).toBe((to - from) * STRIDE * 4);
        const narrower = Buffer.concat(
          Array.from({ length: to - from }, (_, i) => page.subarray(i * STRIDE * 4, i * STRIDE * 4 + stride * 4)),
        );
        again.reserve(to);
        again.put(from, narrower, stride);
      }
      for (let slot = 0; slot < count; slot++) {
        const expected = cellsOf(rows, slot).map((cell, i) => (i < stride ? cell : 0));
        expect(cellsOf(again, slot)).toEqual(expected);
      }
    }),
  );
});

test('a row stays where it is when others come', () => {
  const rows = new PiecedRows(STRIDE, SHIFT);
  rows.reserve(5);
  const piece = rows.pieceOf(4);
  rows.reserve(1_000);
  expect(rows.pieceOf(4)).toBe(piece);
  expect(rows.bytes).toBe(1_000 * STRIDE * 4);
});
