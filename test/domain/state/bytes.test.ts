import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom('', 'x'.repeat(63), 'x'.repeat(64), `${'x'.repeat(62)}é`, '\u007f', '\u0080'),
);

describe('bytes of a state page', () => {
  it('give back what was written, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.maxSafeNat(), fc.double()), { maxLength: 50 }), (values) => {
        const out = new ByteWriter(1);
        for (const [string, varint, double] of values) {
          out.string(string);
          out.varint(varint);
          out.double(double);
        }
        const reader = new ByteReader(out.written());
        for (const [string, varint, double] of values) {
          expect(reader.string()).toBe(Buffer.from(string).toString());
          expect(reader.varint()).toBe(varint);
          expect(reader.double()).toBe(double);
        }
        expect(reader.done).toBe(true);
      }),
    );
  });
});
