import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../../services/platform/http/clickhouse-request.ts';
import { hostileText } from '../warehouse/hostile-rows.ts';

/** As https://clickhouse.com/docs/interfaces/http describes `param_` values: a field of TabSeparated, nested text quoted besides. */
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');

describe('a request of a ClickHouse client', () => {
  test('gives its parameters back as they were bound', () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText), fc.array(fc.maxSafeInteger()), (one, many, numbers) => {
        const search = new URLSearchParams({
          param_one: escaped(one),
          param_many: `[${many.map((text) => `'${escaped(text)}'`).join(',')}]`,
          param_numbers: `[${numbers.join(',')}]`,
        });
        const sql = 'SELECT {one:String}, {many:Array(String)}, { numbers : Array(Int64) }';
        expect(readRequest(new URLSearchParams(search.toString()), sql).params).toEqual({ one, many, numbers });
      }),
    );
  });

  test.each([
    ['SELECT 1', 'SELECT 1', 'TabSeparated', true],
    ['SELECT 1 \nFORMAT JSONEachRow', 'SELECT 1', 'JSONEachRow', true],
    [' -- c\n/* c */ (select 1) format CSV ;', '-- c\n/* c */ (select 1)', 'CSV', true],
    [
      '/* a */ ALTER TABLE t DROP PARTITION 1 /* b */ SELECT',
      '/* a */ ALTER TABLE t DROP PARTITION 1 /* b */ SELECT',
      'TabSeparated',
      false,
    ],
    ['INSERT INTO t SELECT 1', 'INSERT INTO t SELECT 1', 'TabSeparated', false],
    ['INSERT INTO t FORMAT CSV', 'INSERT INTO t FORMAT CSV', 'TabSeparated', false],
    ['ALTER TABLE t DELETE WHERE 1', 'ALTER TABLE t DELETE WHERE 1', 'TabSeparated', false],
    ['selection', 'selection', 'TabSeparated', false],
  ])('is taken apart: %j', (text, sql, format, reads) => {
    expect(readRequest(new URLSearchParams(), text)).toMatchObject({ sql, format, reads });
  });

  // Trying where each comment might end takes twice as long for each: some ten seconds for these, in the process that judges.
  test('with many comments is taken apart at once', { timeout: 5_000 }, () => {
    const comments = '/* one ** of * many */\n'.repeat(26);
    expect(readRequest(new URLSearchParams(), `${comments}SELEC 1`)).toMatchObject({ reads: false });
    expect(readRequest(new URLSearchParams(), `${comments}SELECT 1`)).toMatchObject({ reads: true });
  });

  test('with much white space behind what might be its format is taken apart at once', { timeout: 5_000 }, () => {
    const sql = `SELECT 1 FORMAT CSV${' '.repeat(60_000)}`;
    expect(readRequest(new URLSearchParams(), `${sql};`)).toMatchObject({ sql: 'SELECT 1', format: 'CSV' });
    expect(readRequest(new URLSearchParams(), `${sql}x`)).toMatchObject({ format: 'TabSeparated' });
  });

  test('says its format and rules beside the statement', () => {
    const search = new URLSearchParams({
      default_format: 'RowBinary',
      readonly: '1',
      output_format_json_quote_64bit_integers: '1',
    });
    expect(readRequest(search, 'SELECT 1')).toMatchObject({ format: 'RowBinary', readonly: true, quotes64Bit: true });
    expect(readRequest(new URLSearchParams(), 'SELECT 1')).toMatchObject({ readonly: false, quotes64Bit: false });
    // A server's 2 reads only as well.
    for (const [level, readonly] of [
      ['2', true],
      ['0', false],
    ] as const)
      expect(readRequest(new URLSearchParams({ readonly: level }), 'SELECT 1')).toMatchObject({ readonly });
  });

  test.each(['1,2', '[1', '[a]', "['a]", '[1,]', "['a' 'b']", '[1;2]'])('with a list written like %s is refused', (list) => {
    expect(() => readRequest(new URLSearchParams({ param_x: list }), 'SELECT {x:Array(String)}')).toThrow(
      expect.objectContaining({ name: 'BadRequest' }),
    );
  });
});
