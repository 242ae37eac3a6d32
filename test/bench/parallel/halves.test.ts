import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halves } from './halves.ts';

describe('two shares of partitions', () => {
  it('have every partition once, and differ by no more than the largest one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 2, maxLength: 16 }), (records) => {
        const [one, other] = halves(records);
        expect([...one, ...other].toSorted((a, b) => a - b)).toEqual(records.map((_, partition) => partition));
        const sum = (share: readonly number[]): number => share.reduce((total, partition) => total + records[partition]!, 0);
        expect(Math.abs(sum(one) - sum(other))).toBeLessThanOrEqual(Math.max(...records));
      }),
    );
  });
});
