import { expect, test } from 'vitest';
import { oddInWords } from '../../../services/cli/output/import-words.ts';

test('what a reader noticed is a sentence with how often, where first, and what it was', () => {
  expect(oddInWords({ code: 'unknown_shape', count: 1_053, firstLine: 1 })).toBe(
    'odd: a line of a shape that the format does not have, which is rejected, 1,053 times, first in line 1',
  );
  expect(oddInWords({ code: 'unknown_scope', count: 1, firstLine: 1_200, first: 'scope.\u001bmoon' })).toBe(
    "odd: a scope or an API that is not known, once, first in line 1,200 ('scope.\\u{1b}moon')",
  );
});
