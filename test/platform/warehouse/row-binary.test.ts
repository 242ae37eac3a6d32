import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Column, ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { LEDGER_COLUMNS, ledgerRow } from '../../../services/platform/warehouse/ledger-row.ts';
import { decodeRows, encodeRow } from '../../../services/platform/warehouse/row-binary.ts';
import { hostileRow, hostileRows, plainRow } from './hostile-rows.ts';
import { HEADER } from './warehouse-contract.ts';

const COLUMNS: readonly Column[] = ROW_COLUMNS;
const one = (type: string, value: unknown): unknown =>
  [...decodeRows([{ name: 'c', type }], encodeRow([{ name: 'c', type }], [value]))][0]!.values[0];

describe('rows in RowBinary', () => {
  test('read as they were written, each at its place', () => {
    fc.assert(
      fc.property(hostileRows, (rows) => {
        const encoded = rows.map((row) => encodeRow(COLUMNS, row));
        const decoded = [...decodeRows(COLUMNS, Buffer.concat(encoded))];
        expect(decoded.map(({ values }) => values)).toEqual(rows);
        let at = 0;
        for (const [i, { start, end }] of decoded.entries()) {
          expect([start, end]).toEqual([at, (at += encoded[i]!.length)]);
        }
      }),
    );
  });

  test('cut anywhere are said to end early, or read as the rows before the cut', () => {
    fc.assert(
      fc.property(hostileRow, fc.nat(), (row, cut) => {
        const whole = encodeRow(COLUMNS, row);
        const cutAt = cut % whole.length;
        if (cutAt === 0) expect([...decodeRows(COLUMNS, whole.subarray(0, 0))]).toEqual([]);
        else
          expect(() => [...decodeRows(COLUMNS, whole.subarray(0, cutAt))]).toThrow(
            /^column \w+ of the row at byte 0: the bytes end early$/,
          );
      }),
    );
  });

  test('of any bytes never do more than refuse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          expect([...decodeRows(COLUMNS, Buffer.from(bytes))].length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RowBinaryError' });
        }
      }),
      { numRuns: 500 },
    );
  });

  test("of the ledger hold a block's figures", () => {
    const [{ values } = { values: [] }] = decodeRows(LEDGER_COLUMNS, ledgerRow(HEADER));
    expect(Object.fromEntries(LEDGER_COLUMNS.map(({ name }, i) => [name, values[i]]))).toMatchObject({
      log_id: HEADER.logId,
      first: 0,
      next: 10,
      facts: new Map([['ntk.consent', 2]]),
      event_time_min: 1,
      event_time_max: null,
      rows_hash: HEADER.rowsHash,
    });
  });
});

describe('a value', () => {
  test('beyond the safe integers is a bigint', () => {
    expect(one('UInt64', 2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
    expect(one('UInt64', 2 ** 53 - 1)).toBe(2 ** 53 - 1);
  });

  test('of a map may be given as an object', () => {
    expect(one('Map(LowCardinality(String), UInt64)', { a: 1 })).toEqual(new Map([['a', 1]]));
  });

  test('before 1970 is a negative number of milliseconds', () => {
    expect(one("DateTime64(3, 'UTC')", -1)).toBe(-1);
  });

  test('shorter than its fixed length is filled up with zeros', () => {
    expect(one('FixedString(3)', 'a')).toBe('a\0\0');
  });

  test.each([
    ['UInt16', 65_536],
    ['UInt64', -1],
    ['UInt64', 1.5],
    ['UInt64', 2n ** 64n],
    ['String', 7],
    ['Bool', 1],
    ['UUID', 'no uuid'],
    ['FixedString(3)', 'abcd'],
    ["Enum8('a' = 0)", 'b'],
    ['Array(String)', 'a'],
    ['Map(String, UInt8)', 1],
    ["DateTime64(3, 'UTC')", '2026'],
  ])('that is no %s is refused without being told', (type, value) => {
    expect(() => encodeRow([{ name: 'c', type }], [value])).toThrow(/^column c: the value is not a /);
  });

  test('is expected for each column', () => {
    expect(() => encodeRow(COLUMNS, plainRow().slice(1))).toThrow('33 values for 34 columns');
  });

  test('of an enum without a label is refused', () => {
    expect(() => [...decodeRows([{ name: 'c', type: "Enum8('a' = 0, 'it\\'s, (b)' = -5)" }], Buffer.from([9]))]).toThrow(
      'column c of the row at byte 0: no label of the enum has code 9',
    );
    expect(one("Enum8('a' = 0, 'it\\'s, (b)' = -5)", "it's, (b)")).toBe("it's, (b)");
  });

  test.each(['Int128', 'Array(String', 'Map(String)', 'DateTime64(6)', 'FixedString(0)', 'Nested(a String)', "Enum8('a')"])(
    'of type %s has no codec',
    (type) => {
      expect(() => encodeRow([{ name: 'c', type }], [1])).toThrow(/no codec for the ClickHouse type|not a label of an Enum8/);
    },
  );
});
