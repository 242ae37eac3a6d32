import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { userOfRow } from '../../../services/domain/results/user-of-row.ts';
import { encodeRow } from '../../../services/platform/warehouse/row-binary.ts';

const USER = ROW_COLUMNS.findIndex(({ name }) => name === 'user');
const COLUMNS = ROW_COLUMNS.slice(0, USER + 1);
const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.constant(''));
const row = fc.record({
  offset: fc.nat({ max: 2 ** 31 }),
  texts: fc.tuple(name, name, name, name, name),
  user: name,
});

function encoded({
  offset,
  texts: [eventId, source, program, developer, className],
  user,
}: {
  offset: number;
  texts: string[];
  user: string;
}): Buffer {
  return encodeRow(COLUMNS, [offset, eventId, source, 1_772_000_000_123, 1_772_000_000_999, program, developer, className, user]);
}

describe('the user of a row', () => {
  it('is found whatever stands before it, in any row of a block', () => {
    fc.assert(
      fc.property(row, row, (first, second) => {
        const start = encoded(first).length;
        const rows = Buffer.concat([encoded(first), encoded(second), Buffer.from('more columns')]);
        expect([userOfRow(rows, 0), userOfRow(rows, start)]).toEqual([first.user, second.user]);
      }),
    );
  });

  it('is not made up where the row ends early', () => {
    const whole = encoded({ offset: 1, texts: ['e', 's', 'wx1', 'dev', 'maps'], user: 'u1' });
    for (let length = 0; length < whole.length; length++)
      expect(() => userOfRow(whole.subarray(0, length), 0)).toThrow(RangeError);
  });
});
