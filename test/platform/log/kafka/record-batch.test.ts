import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError, ORIGIN, type Origin } from '../../../../services/platform/log/event-log.ts';
import { crc32c } from '../../../../services/platform/log/kafka/crc32c.ts';
import {
  decodeBatch,
  encodeBatch,
  encodeBatchAside,
  type RawBatch,
  splitBatches,
} from '../../../../services/platform/log/kafka/record-batch.ts';
import { sequenceAfter } from '../../../../services/platform/log/kafka/transactional-producer.ts';

const HEADER_BYTES = 61;
const producer = { producerId: '9007199254740993', producerEpoch: 32_767, firstSequence: 2_147_483_647 };
const origins = fc.constantFrom(...Object.values(ORIGIN));
const values = fc.array(fc.option(fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 60 });

function encode(
  some: readonly (Uint8Array | null)[],
  keys: readonly Uint8Array[] | null = null,
  origin: Origin = ORIGIN.live,
): Buffer {
  return encodeBatch({ values: some, keys, origin, ...producer });
}

function only(bytes: Buffer): RawBatch {
  const batches = splitBatches(bytes);
  expect(batches).toHaveLength(1);
  return batches[0]!;
}

/** A batch with another header or body, as a broker or another producer would make it. */
function altered(bytes: Buffer, change: (copy: Buffer) => void, body = bytes.subarray(HEADER_BYTES)): Buffer {
  const copy = Buffer.concat([bytes.subarray(0, HEADER_BYTES), body]);
  copy.writeInt32BE(copy.length - 12, 8);
  change(copy);
  return copy;
}

describe('a record batch', () => {
  test('gives back values, keys, offsets and where records came from', () => {
    fc.assert(
      fc.property(values, origins, fc.boolean(), (some, origin, hasKeys) => {
        const keys = hasKeys ? some.map((_, i) => Buffer.from(`key ${i}`)) : null;
        const batch = only(altered(encode(some, keys, origin), (copy) => copy.writeBigInt64BE(5_000_000_000n, 0)));
        expect(batch).toMatchObject({
          baseOffset: 5_000_000_000,
          lastOffset: 5_000_000_000 + some.length - 1,
          isTransactional: true,
          isControl: false,
        });
        expect(batch.producerId).toBe(9_007_199_254_740_993n);
        const { count, body, offsets, keyStarts, keyLengths, valueStarts, valueLengths, origins: found } = decodeBatch(batch);
        expect(count).toBe(some.length);
        const part = (starts: Int32Array, lengths: Int32Array, i: number) =>
          lengths[i]! < 0 ? null : body.subarray(starts[i], starts[i]! + lengths[i]!);
        for (const [i, value] of some.entries()) {
          expect(part(valueStarts, valueLengths, i)).toEqual(value === null ? null : Buffer.from(value));
          expect(part(keyStarts, keyLengths, i)).toEqual(keys?.[i] ?? null);
          expect(offsets[i]).toBe(5_000_000_000 + i);
          expect(found[i]).toBe(origin);
        }
      }),
    );
  });

  test('carries the checksum that Kafka asks for', () => {
    // From the test vectors of CRC-32C (RFC 3720, B.4).
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    const bytes = encode([Buffer.from('a')]);
    expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)));
  });

  test('compressed by others is read too: gzip, and zstd of several frames', () => {
    const some = Array.from({ length: 20 }, (_, i) => Buffer.from(`record ${i}`));
    const plain = encode(some);
    const records = plain.subarray(HEADER_BYTES);
    const middle = Math.floor(records.length / 2);
    const frames = Buffer.concat([zstdCompressSync(records.subarray(0, middle)), zstdCompressSync(records.subarray(middle))]);
    for (const [codec, body] of [
      [0, records],
      [1, gzipSync(records)],
      [4, frames],
    ] as const) {
      const {
        body: unpacked,
        valueStarts,
        valueLengths,
      } = decodeBatch(only(altered(plain, (copy) => copy.writeInt16BE(0x10 | codec, 21), body)));
      const last = some.length - 1;
      expect(unpacked.toString('latin1', valueStarts[last], valueStarts[last]! + valueLengths[last]!)).toBe('record 19');
    }
  });

  test('says the same when another thread compresses it', async () => {
    const some = Array.from({ length: 300 }, (_, i) => Buffer.from(`record ${i}`.repeat(20)));
    for (const part of [some, some.slice(0, 2)]) {
      const aside = await encodeBatchAside({ values: part, keys: null, origin: ORIGIN.live, ...producer });
      expect(aside.readUInt32BE(17)).toBe(crc32c(aside.subarray(21)));
      expect(decodeBatch(only(aside))).toEqual(decodeBatch(only(encode(part))));
    }
  });

  test('is compressed from 512 bytes on, or from what its topic has as its bound', async () => {
    const some = [Buffer.alloc(400, 'a'), Buffer.alloc(400, 'b')];
    const outgoing = { values: some, keys: null, origin: ORIGIN.live, ...producer };
    const codecOf = (bytes: Buffer): number => bytes.readUInt16BE(21) & 0x07;
    const bytes = encode(some);
    expect(codecOf(bytes)).toBe(4);
    const records = encodeBatch({ ...outgoing, plainBytesMax: 1_000 });
    expect(codecOf(records)).toBe(0);
    expect(codecOf(await encodeBatchAside({ ...outgoing, plainBytesMax: 1_000 }))).toBe(0);
    expect(codecOf(encodeBatch({ ...outgoing, plainBytesMax: records.length - HEADER_BYTES - 1 }))).toBe(4);
    expect(decodeBatch(only(records))).toMatchObject({ valueLengths: new Int32Array([400, 400]) });
    expect(decodeBatch(only(bytes)).body).toEqual(decodeBatch(only(records)).body);
  });

  test('has its length in its frame, also when another thread compresses it, so that readers need no window', async () => {
    const values = Array.from({ length: 100 }, () => Buffer.alloc(800, 'a'));
    for (const bytes of [encode(values), await encodeBatchAside({ values, keys: null, origin: ORIGIN.live, ...producer })]) {
      // https://datatracker.ietf.org/doc/html/rfc8878#name-frame_header: one segment, and the length in four bytes.
      const frame = bytes.subarray(HEADER_BYTES);
      expect(frame[4]! & 0b1110_0000).toBe(0b1010_0000);
      expect(frame.readUInt32LE(5)).toBe(zstdDecompressSync(frame).length);
    }
  });

  test('is decoded into columns that were used before, and into new ones where these are too short', () => {
    const before = decodeBatch(only(encode(Array.from({ length: 5 }, () => Buffer.from('before')))));
    const batch = only(encode([Buffer.from('a'), Buffer.from('bc')]));
    const again = decodeBatch(batch, before);
    expect(again.offsets).toBe(before.offsets);
    const { count, offsets, valueLengths } = again;
    expect([count, ...offsets.subarray(0, count), ...valueLengths.subarray(0, count)]).toEqual([2, 0, 1, 1, 2]);
    const short = decodeBatch(only(encode([Buffer.from('a')])));
    expect(decodeBatch(batch, short)).toEqual(decodeBatch(batch));
  });

  test('of a codec that cannot be read says what to set on the topic', () => {
    const bytes = altered(encode([Buffer.from('a')]), (copy) => copy.writeInt16BE(0x10 | 3, 21));
    expect(() => decodeBatch(only(bytes))).toThrow(/compression\.type=zstd/);
  });

  test('has the time of the broker for all records where the broker sets it', () => {
    const some = [Buffer.from('a'), Buffer.from('b')];
    const bytes = altered(encode(some), (copy) => {
      copy.writeInt16BE(0x18, 21);
      copy.writeBigInt64BE(1_700_000_000_123n, 35);
    });
    expect([...decodeBatch(only(bytes)).timesMs]).toEqual([1_700_000_000_123, 1_700_000_000_123]);
  });

  test('outside a transaction is live whatever its headers say', () => {
    const bytes = altered(encode([Buffer.from('a')], null, ORIGIN.system), (copy) => copy.writeInt16BE(0, 21));
    expect([...decodeBatch(only(bytes)).origins]).toEqual([ORIGIN.live]);
  });

  test('that is cut off behind others is left for the next read', () => {
    const first = encode([Buffer.from('a')]);
    const second = encode([Buffer.from('b')]);
    for (let cut = 0; cut < second.length; cut++)
      expect(splitBatches(Buffer.concat([first, second.subarray(0, cut)]))).toHaveLength(1);
    expect(splitBatches(Buffer.concat([first, second]))).toHaveLength(2);
  });

  test('of damaged bytes is an error of the log and never anything else', () => {
    const bytes = encode([Buffer.from('value'), Buffer.alloc(100, 7)], [Buffer.from('k'), Buffer.from('l')], ORIGIN.run);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        try {
          for (const batch of splitBatches(damaged)) decodeBatch(batch);
        } catch (error) {
          expect(error).toBeInstanceOf(LogError);
          expect(error).toMatchObject({ code: 'log_corrupt' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('sequence numbers', () => {
  test('begin again at 0 behind the largest int32, as the broker expects', () => {
    expect(sequenceAfter(0, 5)).toBe(5);
    expect(sequenceAfter(2_147_483_646, 1)).toBe(2_147_483_647);
    expect(sequenceAfter(2_147_483_647, 1)).toBe(0);
    expect(sequenceAfter(2_147_483_640, 10)).toBe(2);
  });
});
