import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../services/platform/log/kafka/crc32c.ts';

const byteByByte = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Uint8Array) => number;

describe('crc32c', () => {
  it('is what RFC 3720 (B.4) says of its examples', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('is that of kafkajs for any bytes, wherever they begin in their memory', () => {
    const whole = fc.uint8Array({ maxLength: 4_096 });
    fc.assert(
      fc.property(whole, fc.nat(16), (bytes, from) => {
        const part = bytes.subarray(Math.min(from, bytes.length));
        expect(crc32c(part)).toBe(byteByByte(part));
      }),
    );
  });
});
