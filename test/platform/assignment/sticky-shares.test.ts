import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Member, stickyShares } from '../../../services/platform/assignment/sticky-shares.ts';

const member = (id: string, had: readonly number[] = []): Member => ({ id, had });

const groups = fc.record({
  partitions: fc.integer({ min: 0, max: 40 }),
  members: fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1, maxLength: 8 }), had: fc.array(fc.integer({ min: 0, max: 50 })) }),
    {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 12,
    },
  ),
});

describe('shares of a group', () => {
  test('give every partition to one member, whatever members say they had', () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const given = [...stickyShares(members, partitions).values()].flat().toSorted((a, b) => a - b);
        expect(given).toEqual(Array.from({ length: partitions }, (_, partition) => partition));
      }),
    );
  });

  test('differ by one partition at most', () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const sizes = [...stickyShares(members, partitions).values()].map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('do not depend on the order of the members', () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        expect(stickyShares(members.toReversed(), partitions)).toEqual(stickyShares(members, partitions));
      }),
    );
  });

  test('stay as they are when the same members share again', () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const first = stickyShares(members, partitions);
        const again = stickyShares(
          members.map(({ id }) => ({ id, had: first.get(id)! })),
          partitions,
        );
        expect(again).toEqual(first);
      }),
    );
  });

  test('leave the one partition more with whoever had it, in ascending order', () => {
    const shares = stickyShares([member('a', [0]), member('b', [1]), member('c', [3, 2])], 4);
    expect(shares).toEqual(
      new Map([
        ['a', [0]],
        ['b', [1]],
        ['c', [2, 3]],
      ]),
    );
  });

  test('move only what a newcomer needs', () => {
    const before = new Map([
      ['a', [0, 2, 4, 6]],
      ['b', [1, 3, 5, 7]],
    ]);
    const after = stickyShares([member('a', before.get('a')), member('b', before.get('b')), member('c')], 8);
    const moved = [...before].flatMap(([id, had]) => had.filter((partition) => !after.get(id)!.includes(partition)));
    expect(moved).toHaveLength(2);
    expect(after.get('c')!.toSorted((a, b) => a - b)).toEqual(moved.toSorted((a, b) => a - b));
  });

  test('leave members without any where there are more of them than partitions', () => {
    const shares = stickyShares([member('a'), member('b'), member('c')], 2);
    expect([...shares.values()].map((share) => share.length).toSorted((a, b) => a - b)).toEqual([0, 1, 1]);
    expect(stickyShares([], 2)).toEqual(new Map());
  });
});
