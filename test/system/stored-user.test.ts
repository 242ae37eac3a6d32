import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShortHash } from '../../services/system/sha-512-256.ts';
import { hashedUsers } from '../../services/system/stored-user.ts';

const expected = (prefix: string, text: string): string => hash('sha512-256', prefix + text, 'hex').slice(0, 32);
const ascii = fc.string({ unit: 'binary-ascii', maxLength: 140 });

describe('a stored user', () => {
  it('is the first half of SHA-512/256 over key and id, whatever the id is', () => {
    const key = Buffer.alloc(32, 7);
    const stored = hashedUsers(key);
    fc.assert(
      fc.property(fc.oneof(ascii, fc.string({ unit: 'binary', maxLength: 60 })), (user) => {
        expect(stored(user)).toBe(expected(`${key.toString('hex')}:`, user));
      }),
      { numRuns: 300 },
    );
    expect(stored('u_0000002a')).toBe('e9ec431e6ab733c946ac5b9923da13d1');
  });
});

describe('the hash of a short message', () => {
  it('is what Node says, behind any prefix, whatever came before it, and nothing for a longer one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 111 }), fc.array(ascii, { maxLength: 8 }), (prefix, texts) => {
        const short = new ShortHash(prefix);
        for (const text of texts)
          expect(short.half(text)).toBe(prefix.length + text.length < 112 ? expected(prefix, text) : null);
      }),
    );
  });

  it('is not said of a message that is not ASCII, nor does one leave anything behind', () => {
    const short = new ShortHash('key:');
    for (const text of ['ü', 'a\u0080', 'longer than the others é', '']) {
      expect(short.half(text)).toBe(text === '' ? expected('key:', '') : null);
      expect(short.half('next')).toBe(expected('key:', 'next'));
    }
  });
});
