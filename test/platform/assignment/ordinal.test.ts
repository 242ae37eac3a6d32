import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseOrdinal, partitionsOfOrdinal } from '../../../services/platform/assignment/ordinal.ts';

describe('an ordinal', () => {
  test.each(['', '1', '2/2', '3/2', '-1/2', '1/0', '0/0', ' 0/1', '0/1 ', '0/1/2', 'a/b', '0.5/2', '00000/1'])(
    'is not %j',
    (text) => {
      expect(parseOrdinal(text)).toBeNull();
    },
  );

  test('is the number of a process and how many there are', () => {
    expect(parseOrdinal('2/4')).toEqual({ index: 2, of: 4 });
  });

  test('gives each partition to exactly one of the processes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 64 }), (of, partitions) => {
        const all = Array.from({ length: of }, (_, index) => partitionsOfOrdinal({ index, of }, partitions)).flat();
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, partition) => partition));
      }),
    );
  });
});
