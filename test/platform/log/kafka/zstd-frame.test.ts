import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { zstdContentBytes } from '../../../../services/platform/log/kafka/zstd-frame.ts';

const compressAside = promisify(zstdCompress);

test('the length of a frame is read, whatever it is written with', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(0, 1, 255, 256, 257, 65_791, 65_792), fc.nat(200_000)),
      fc.constantFrom(1, 3, 19),
      fc.boolean(),
      (bytes, level, hasChecksum) => {
        const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0 };
        expect(zstdContentBytes(zstdCompressSync(Buffer.alloc(bytes, 'ab'), { params }))).toBe(bytes);
      },
    ),
  );
});

test('a frame without a length says none', async () => {
  expect(zstdContentBytes(await compressAside(Buffer.alloc(100_000, 'ab')))).toBeNull();
});

test('whatever bytes there are, the answer is a number that is not negative, or none', () => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.boolean(), (rest, isFrame) => {
      const said = zstdContentBytes(Buffer.from(isFrame ? [...magic, ...rest] : rest));
      expect(said === null || said >= 0).toBe(true);
    }),
  );
});
