import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INVALID_TIME, parseTimeUs, TIME_END_US } from '../../../services/domain/record/time.ts';

describe('a time', () => {
  it('is read as the calendar says, in any offset', () => {
    const ms = fc.integer({ min: 0, max: TIME_END_US / 1000 - 1 });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1439, max: 1439 }), fc.integer({ min: 0, max: 999 }), (utcMs, offsetMinutes, us) => {
        const local = utcMs + offsetMinutes * 60_000;
        fc.pre(local >= 0 && local < 253_402_300_800_000);
        const sign = offsetMinutes < 0 ? '-' : '+';
        const two = (n: number): string => String(n).padStart(2, '0');
        const minutes = Math.abs(offsetMinutes);
        const text = `${new Date(local).toISOString().slice(0, -1)}${String(us).padStart(3, '0')}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
        expect(parseTimeUs(text)).toBe(utcMs * 1000 + us);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01t00:00:00z', 0],
    ['1970-01-01T00:00:00-00:00', 0],
    ['1970-01-01T00:00:00.1234569Z', 123_456],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
    ['2254-12-31T23:59:59.999999999Z', TIME_END_US - 1],
    ['1969-12-31T23:00:00-01:00', 0],
  ])('%s is %i microseconds', (text, us) => {
    expect(parseTimeUs(text)).toBe(us);
  });

  it.each([
    '2255-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T00:00:61Z',
    '2023-01-01 00:00:00Z',
    '2023-01-01T00:00:00',
    '2023-01-01T00:00:00.Z',
    '2023-01-01T00:00:00+24:00',
    '2023-01-01T00:00:00+0100',
    '2023-01-01T00:00:00+01:00Z',
    '2023-01-01T00:00:00+01:000',
    '2023-01-01T00:00:00+01:0',
    '2023-01-01T00:00Z',
    '23-01-01T00:00:00Z',
    '2023-01-01T00:00:00Z ',
    ' 2023-01-01T00:00:00Z',
    '２023-01-01T00:00:00Z',
    '+2023-01-01T00:00:00Z',
    '',
  ])('%j is no time', (text) => {
    expect(parseTimeUs(text)).toBe(INVALID_TIME);
  });
});
