import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashedUsers } from '../../../services/system/opening/stored-user.ts';

describe('a stored user', () => {
  it('is the first half of SHA-512/256 over key and id, whatever the id is', () => {
    const key = Buffer.alloc(32, 7);
    const stored = hashedUsers(key);
    const isRight = (user: string): void => {
      expect(stored(user)).toBe(hash('sha512-256', `${key.toString('hex')}:${user}`, 'hex').slice(0, 32));
    };
    // Most ids are ASCII, which is hashed where it lies; one as long as no record may have it, elsewhere.
    const latin = fc.integer({ min: 0, max: 0xff }).map((unit) => String.fromCharCode(unit));
    const texts = fc.oneof(
      fc.string({ maxLength: 140 }),
      fc.string({ unit: 'binary', maxLength: 140 }),
      fc.string({ unit: latin }),
    );
    fc.assert(fc.property(texts, isRight));
    for (let length = 430; length < 460; length++) isRight('x'.repeat(length));
    expect(stored('u_0000002a')).toBe('e9ec431e6ab733c946ac5b9923da13d1');
  });
});
