import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { bodyToFile, fromBody, fromFile, insertSql, sqlString } from '../../../services/platform/warehouse/insert-sql.ts';
import { hostileText } from './hostile-rows.ts';
import { rowsInsert } from './warehouse-contract.ts';

const INSERT = rowsInsert([], 'token-1');

describe('the statement of an insert', () => {
  test('takes the same rows from a body as from a file', () => {
    fc.assert(
      fc.property(hostileText, (path) => {
        expect(bodyToFile(insertSql(INSERT, fromBody), path)).toBe(insertSql(INSERT, fromFile(path)));
      }),
    );
  });

  test('is left alone when it takes none from its body', () => {
    expect(bodyToFile('INSERT INTO t VALUES (1)', '/x')).toBeNull();
    expect(bodyToFile("SELECT 'FROM input(1) FORMAT RowBinary'", '/x')).toBeNull();
    expect(bodyToFile(insertSql(INSERT, fromFile('/x')), '/y')).toBeNull();
  });

  test('names its columns in their order, then the expressions', () => {
    const sql = insertSql(INSERT, fromFile('/spool/x'));
    const names = [...ROW_COLUMNS.map(({ name }) => name), 'log_id', 'partition', 'scored_at']
      .map((name) => `\`${name}\``)
      .join(', ');
    expect(sql).toContain(`INSERT INTO ntk.\`access_results\` (${names}) SETTINGS insert_deduplication_token = 'token-1', `);
    expect(sql).toMatch(/, 3, fromUnixTimestamp64Milli\(toInt64\(\d+\), 'UTC'\) FROM file\('\/spool\/x', 'RowBinary', /);
  });

  test('has doubles looked for only where there are many rows', () => {
    const megabytes = (count: number): string =>
      insertSql({ ...INSERT, bytes: Array.from({ length: count }, () => new Uint8Array(1024 * 1024)) }, fromBody);
    expect(megabytes(4)).toContain('optimize_on_insert = 0');
    expect(megabytes(5)).toContain('optimize_on_insert = 1');
  });

  test('takes no name that is none of ours', () => {
    expect(() => insertSql({ ...INSERT, columns: [{ name: 'a` String) --', type: 'String' }] }, fromBody)).toThrow(
      'not a column or table of ours',
    );
  });

  test('quotes whatever its token is', () => {
    expect(sqlString("it's a \\ \0")).toBe("'it\\'s a \\\\ \\0'");
  });
});
