import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeReadOnly } from '../../../services/platform/warehouse/read-only-query.ts';
import { hostileText } from './hostile-rows.ts';

/** Queries here are in the engine's own spelling, as they come to be judged; the whole way is in warehouse-contract.ts. */
describe("a query in the engine's spelling", () => {
  test.each([
    'SELECT 1',
    "SELECT 'INTO OUTFILE \\'x\\'', 'file(', ';', '--'",
    'SELECT `a b` FROM ntk.access_results',
    'SELECT url, remote FROM (SELECT link_host AS url, 1 AS remote)',
    'SELECT into, outfile FROM x',
    'SELECT * FROM numbers(3) WHERE number IN (1, 2)',
    'SELECT 1 - -1, {n:UInt64}, [1], (1, 2), a.1',
  ])('may be %s', (sql) => {
    expect(judgeReadOnly(sql)).toEqual({ ok: true, sql, format: null });
  });

  test.each([
    ['SELECT 1 FORMAT CSV', 'SELECT 1', 'CSV'],
    ['SELECT 1 FORMAT CSV SETTINGS max_threads = 1', 'SELECT 1 SETTINGS max_threads = 1', 'CSV'],
    ["SELECT 'FORMAT CSV'", "SELECT 'FORMAT CSV'", null],
    ['SELECT format FROM t FORMAT JSON', 'SELECT format FROM t', 'JSON'],
    ['SELECT (SELECT 1 AS FORMAT) AS x', 'SELECT (SELECT 1 AS FORMAT) AS x', null],
  ])('is parted from its format: %s', (sql, without, format) => {
    expect(judgeReadOnly(sql)).toEqual({ ok: true, sql: without, format });
  });

  test.each([
    ['', 'is a SELECT, WITH, SHOW'],
    ['INSERT INTO t FORMAT Values', 'is a SELECT, WITH, SHOW'],
    ['SELECT 1; SELECT 2', 'is one statement'],
    ["SELECT 1 INTO OUTFILE 'x'", 'may not write a file; redirect the output instead'],
    ['SELECT file(x) FROM t', 'may not use file, which reaches outside of the results'],
    ['SELECT arrayMap(`file`, x)', 'may not use file'],
    ['SELECT * APPLY FILE FROM t', 'may not use file'],
    ["SELECT * FROM `url`('x')", 'may not use url'],
    ['SELECT * FROM S3Cluster(a)', 'may not use s3cluster'],
    ['SELECT aiGenerate(x)', 'may not use aigenerate'],
    ['SELECT * FROM default.x', 'may not use the database default'],
    ['SELECT * FROM `/etc/passwd`', 'may not name a table like a path'],
    ['SELECT * FROM {t:Identifier}', 'may not take a name from a parameter'],
    ['SELECT 1 -- x', 'cannot be taken apart'],
    ['SELECT 1 /* x */', 'cannot be taken apart'],
    ["SELECT 'open", 'cannot be taken apart'],
    ['SELECT "x"', 'cannot be taken apart'],
    ['SELECT $$x$$', 'cannot be taken apart'],
    ['SELECT ü', 'cannot be taken apart'],
  ])('may not be %j', (sql, problem) => {
    expect(judgeReadOnly(sql)).toEqual({ ok: false, problem: expect.stringContaining(`a read-only query ${problem}`) });
  });

  test('is judged whatever it is', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (a, b) => {
        expect(typeof judgeReadOnly(`SELECT ${a} FROM ${b}`).ok).toBe('boolean');
      }),
    );
  });

  test('is judged by its words, never by its text', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const quoted = `SELECT '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
        expect(judgeReadOnly(quoted)).toEqual({ ok: true, sql: quoted, format: null });
      }),
    );
  });

  test('of great length is judged in a moment', () => {
    const sql = `SELECT ${"'a\\'b', ".repeat(100_000)}1`;
    const before = performance.now();
    expect(judgeReadOnly(sql).ok).toBe(true);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
