import { describe, expect, test } from 'vitest';
import { BearerToken, bearerOf } from '../../../services/platform/http/bearer.ts';

describe('a bearer token', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
    ['Bearer a-._~+/=', 'a-._~+/='],
    [undefined, null],
    ['', null],
    ['Bearer', null],
    ['Bearer ', null],
    ['abc', null],
    ['Bearerabc', null],
    ['Bearer abc def', null],
    ['Basic Bearer abc', null],
    ['x, Bearer abc', null],
  ])('of %j is %j', (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });

  test('matches itself and nothing else', () => {
    const token = new BearerToken('abc');
    expect(token.matches('Bearer abc')).toBe(true);
    for (const header of [undefined, '', 'Bearer ', 'Bearer ab', 'Bearer abcd', 'Bearer ABC', 'Bearer abc abc', 'Basic abc'])
      expect(token.matches(header)).toBe(false);
  });

  test('that is empty lets nobody in who shows none', () => {
    const empty = new BearerToken('');
    for (const header of [undefined, '', 'Bearer', 'Bearer ']) expect(empty.matches(header)).toBe(false);
  });
});
