import { describe, expect, test } from 'vitest';
import { baselineFindingInWords } from '../../../services/domain/wording/baseline-finding.ts';
import { allowanceInWords, counted, countedAre, verbOf } from '../../../services/domain/wording/counted.ts';

test('one of a thing is spoken of as one, and none or many as many', () => {
  const things = ['program', 'access', 'ledger entry', 'program-day', 'policy'];
  expect(things.map((thing) => counted(1, thing))).toEqual([
    '1 program',
    '1 access',
    '1 ledger entry',
    '1 program-day',
    '1 policy',
  ]);
  expect(things.map((thing) => counted(1_234, thing))).toEqual([
    '1,234 programs',
    '1,234 accesses',
    '1,234 ledger entries',
    '1,234 program-days',
    '1,234 policies',
  ]);
  expect([0, 1, 2].map((count) => countedAre(count, 'record'))).toEqual(['0 records are', '1 record is', '2 records are']);
});

test('what one thing does is said with another word than what many do', () => {
  const verbs = ['stand', 'pass', 'do', 'have', 'lie', 'wait'];
  expect(verbs.map((verb) => verbOf(1, verb))).toEqual(['stands', 'passes', 'does', 'has', 'lies', 'waits']);
  for (const count of [0, 2]) expect(verbs.map((verb) => verbOf(count, verb))).toEqual(verbs);
});

describe('what the baselines found', () => {
  test('is said of one call of one user as of many', () => {
    const said = (calls: number, usersReached: number): string =>
      baselineFindingInWords(
        { feature: 'distinct_users', withinHours: 1, calls, usersReached },
        { usersReached: 1, ordinaryUpTo: 3 },
      );
    expect(said(1, 1)).toBe(' Within 1 hour, 1 call reached 1 user; ordinary would be about 1, up to 3.');
    expect(said(9, 8)).toBe(' Within 1 hour, 9 calls reached 8 users; ordinary would be about 1, up to 3.');
  });
});

test('what a limit allows is said as one call, one row, one byte, and as many of them', () => {
  const said = (['calls', 'rows', 'bytes'] as const).map((cost) =>
    [1, 2].map((count) => allowanceInWords({ count, cost, per: '1m' })),
  );
  expect(said).toEqual([
    ['1 call per 1m', '2 calls per 1m'],
    ['1 row per 1m', '2 rows per 1m'],
    ['1 byte per 1m', '2 bytes per 1m'],
  ]);
});
