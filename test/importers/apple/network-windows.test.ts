import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeContacts,
  encodeContacts,
  type KnownContacts,
  NO_CONTACTS,
  type Window,
  withWindow,
} from '../../../services/importers/apple/network-windows.ts';

const windowsOf = (maxLength: number): fc.Arbitrary<Window[]> =>
  fc.array(
    fc
      .record({ at: fc.nat(40), length: fc.nat(8), hits: fc.nat(30) })
      .map(({ at, length, hits }) => ({ firstUs: at, lastUs: at + length, hits })),
    { maxLength },
  );

const after = (windows: readonly Window[]): KnownContacts => windows.reduce(withWindow, NO_CONTACTS);

/** Largest sum over windows of which no two overlap, by trying all. */
function largestSum(windows: readonly Window[]): number {
  const [first, ...rest] = windows;
  if (first === undefined) return 0;
  const apart = rest.filter(({ firstUs, lastUs }) => lastUs < first.firstUs || firstUs > first.lastUs);
  return Math.max(largestSum(rest), first.hits + largestSum(apart));
}

describe('contacts that are known', () => {
  test('are the largest sum over windows that do not overlap', () => {
    fc.assert(
      fc.property(windowsOf(9), (windows) => {
        expect(after(windows).imported).toBe(largestSum(windows));
      }),
    );
  });

  test('are the same in whatever order reports come, and grow only', () => {
    const shuffled = windowsOf(12).chain((windows) =>
      fc.tuple(fc.constant(windows), fc.shuffledSubarray(windows, { minLength: windows.length })),
    );
    fc.assert(
      fc.property(shuffled, ([windows, others]) => {
        expect(after(others).imported).toBe(after(windows).imported);
        let last = 0;
        for (let i = 0; i <= windows.length; i++) {
          const { imported } = after(windows.slice(0, i));
          expect(imported).toBeGreaterThanOrEqual(last);
          last = imported;
        }
      }),
    );
  });

  test('do not change when a window comes again', () => {
    fc.assert(
      fc.property(windowsOf(12), fc.nat(), (windows, which) => {
        fc.pre(windows.length > 0);
        const known = after(windows);
        expect(withWindow(known, windows[which % windows.length]!)).toEqual(known);
      }),
    );
  });

  test('of two years of weeks are the sum of all, with a bounded memory of them', () => {
    const weeks = Array.from({ length: 104 }, (_, i) => ({ firstUs: 10 * i, lastUs: 10 * i + 6, hits: i }));
    const known = after(weeks);
    expect(known.imported).toBe((103 * 104) / 2);
    expect(known.windows.length).toBeLessThanOrEqual(64);
    expect(withWindow(known, weeks[103]!)).toEqual(known);
  });

  test('are kept in the ledger as they are', () => {
    fc.assert(
      fc.property(windowsOf(20), (windows) => {
        expect(decodeContacts(encodeContacts(after(windows)))).toEqual(after(windows));
      }),
    );
  });
});
