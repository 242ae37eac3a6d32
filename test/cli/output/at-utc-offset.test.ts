import { expect, test } from 'vitest';
import { atUtcOffset } from '../../../services/cli/output/at-utc-offset.ts';

test.each([
  ['Z', '2021-10-08T22:41:51.896Z'],
  ['+08:00', '2021-10-09T06:41:51.896+08:00'],
  ['-03:30', '2021-10-08T19:11:51.896-03:30'],
])('what happened at 22:41 UTC is told at %s as %s', (offset, told) => {
  expect(atUtcOffset(Date.parse('2021-10-08T22:41:51.896Z'), offset)).toBe(told);
});
