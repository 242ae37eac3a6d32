/** The expansion that the tests of the SQL panels rest on, against the examples of the plugin's own pages. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandPromQl, expandSql, sqlString } from './plugin-macros.ts';

const SHOWN = { fromMs: 1_415_792_726_123, toMs: 1_447_328_726_456, intervalMs: 20_000 };

describe('a query is expanded as the plugin expands it', () => {
  test.each([
    ['t > $__fromTime', 't > toDateTime(1415792726)'],
    ['t < $__toTime', 't < toDateTime(1447328726)'],
    ['t > $__fromTime_ms', 't > fromUnixTimestamp64Milli(1415792726123)'],
    ['t < $__toTime_ms', 't < fromUnixTimestamp64Milli(1447328726456)'],
    ['$__timeFilter(time)', 'time >= toDateTime(1415792726) AND time <= toDateTime(1447328726)'],
    [
      '$__timeFilter_ms(time)',
      'time >= fromUnixTimestamp64Milli(1415792726123) AND time <= fromUnixTimestamp64Milli(1447328726456)',
    ],
    ['$__timeInterval(column)', 'toStartOfInterval(toDateTime(column), INTERVAL 20 second)'],
    ['$__timeInterval_ms(column)', 'toStartOfInterval(toDateTime64(column, 3), INTERVAL 20000 millisecond)'],
    ['$__interval_s', '20'],
  ])('%s', (sql, expanded) => {
    expect(expandSql(sql, SHOWN)).toBe(expanded);
  });

  test('and what is not known is an error', () => {
    expect(() => expandSql('$__dateFilter(day)', SHOWN)).toThrow('$__dateFilter is not expanded');
    expect(() => expandSql('${program:raw}', { ...SHOWN, variables: { program: 'wx1' } })).toThrow('no such variable or format');
    expect(() => expandSql('${other:percentencode}', SHOWN)).toThrow('no such variable or format');
    expect(() => expandPromQl('rate(a[$__interval])', { rangeSeconds: 60, rateIntervalSeconds: 60 })).toThrow('is not expanded');
  });
});

describe('a value of a variable', () => {
  const safe = (value: string): string =>
    expandSql("decodeURLComponent('${v:percentencode}')", { ...SHOWN, variables: { v: value } });

  test('becomes letters, digits and a few signs, none of which ends a string of SQL, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (value) => {
        expect(safe(value)).toMatch(/^decodeURLComponent\('[\w.~%-]*'\)$/);
        expect(decodeURIComponent(safe(value).slice("decodeURLComponent('".length, -2))).toBe(value);
      }),
    );
  });

  test('would get out of a string that only has its quotes doubled', () => {
    // ClickHouse reads \' as a quote inside the string, and the second quote as its end.
    expect(sqlString(String.raw`\' OR 1 --`)).toBe(String.raw`'\'' OR 1 --'`);
  });
});
