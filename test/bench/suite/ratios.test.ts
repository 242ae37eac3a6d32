import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from './benchmarks.ts';
import { madeReport } from './made-report.ts';
import { compared, fallen, readRatios, updated } from './ratios.ts';

const stored = { full: { 'made ours/floor': { ratio: 0.6, tolerance: 0.1 } } };
const measured = (ratio: number) => madeReport({ ratios: { 'ours/floor': ratio } });

describe('a ratio', () => {
  it('that fell further than its tolerance is named, with what was stored and what was measured', () => {
    expect(fallen(measured(0.5), stored)).toEqual([
      'made ours/floor fell: stored 0.600, measured 0.500, at least 0.540 is asked for',
    ]);
  });

  it('may fall by its tolerance, and no further', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 2, noNaN: true }), (ratio) => {
        expect(fallen(measured(ratio), stored).length).toBe(ratio < 0.6 * (1 - 0.1) ? 1 : 0);
      }),
    );
  });

  it('of another size or benchmark is not compared', () => {
    expect(compared(measured(0.1), stored)).toEqual(['made ours/floor']);
    for (const other of [{ small: stored.full }, { full: { 'other a/b': { ratio: 1, tolerance: 0.1 } } }]) {
      expect(compared(measured(0.1), other)).toEqual([]);
      expect(fallen(measured(0.1), other)).toEqual([]);
    }
  });

  it('is stored with the tolerance it had, beside those that were not measured', () => {
    const others = { small: stored.full, full: { ...stored.full, 'other a/b': { ratio: 1, tolerance: 0.2 } } };
    expect(updated(measured(0.7123), others)).toEqual({
      small: stored.full,
      full: { 'made ours/floor': { ratio: 0.712, tolerance: 0.1 }, 'other a/b': { ratio: 1, tolerance: 0.2 } },
    });
    expect(updated(measured(0.5), {})).toEqual({ full: { 'made ours/floor': { ratio: 0.5, tolerance: 0.15 } } });
  });

  it('that is stored is one that a benchmark measures', () => {
    const names = BENCHMARKS.flatMap(({ name, ratios }) => ratios.map((ratio) => `${name} ${ratio.name}`));
    const inFile = Object.values(readRatios(join(import.meta.dirname, '../ratios.json'))).flatMap((each) => Object.keys(each));
    expect(names).toEqual(expect.arrayContaining(inFile));
  });
});
