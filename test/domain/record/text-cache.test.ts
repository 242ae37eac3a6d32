import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextCache } from '../../../services/domain/record/text-cache.ts';

/** What is kept has at most 64 bytes. */
const text = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 63, 64, 65, 66, 200),
    fc.constantFrom('a', 'b'),
    fc.constantFrom('a', 'b'),
    fc.constantFrom('', 'c'),
  )
  .map(([length, first, last, end]) => `${first.padEnd(length, 'x')}`.slice(0, length - 1) + last + end);

test('a text is that of its bytes, whatever shares its place or stands beside it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.nat(3)), { maxLength: 40 }), (asked) => {
      const cache = new TextCache(4);
      for (const [own, hash] of asked) {
        const bytes = Buffer.from(`before${own}behind`);
        expect(cache.text(bytes, 6, 6 + own.length, hash)).toBe(own);
      }
    }),
    { numRuns: 500 },
  );
});
