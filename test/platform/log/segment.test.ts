import { crc32, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError } from '../../../services/platform/log/event-log.ts';
import {
  type DecodedSegment,
  decodeSegment,
  encodeSegments,
  SEGMENT_BYTES_MAX,
  SEGMENT_RECORDS_MAX,
  VALUE_BYTES_MAX,
} from '../../../services/platform/log/segment.ts';

const HEADER_BYTES = 12;

function valuesOf({ bytes, starts, count }: DecodedSegment): Buffer[] {
  return Array.from({ length: count }, (_, i) => bytes.subarray(starts[i], starts[i + 1]));
}

function decodeAll(values: readonly Uint8Array[]): Buffer[] {
  return encodeSegments(values).flatMap(({ data }) => valuesOf(decodeSegment(data)));
}

/** A segment's blob whose header fits its body, whatever is in it. */
function sealed(header: { version?: number; codec?: number; count: number; bodyBytes: number }, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head[0] = header.version ?? 1;
  head[1] = header.codec ?? 0;
  head.writeUInt16LE(header.count, 2);
  head.writeUInt32LE(header.bodyBytes, 4);
  head.writeUInt32LE(crc32(body, crc32(head.subarray(0, 8))), 8);
  return Buffer.concat([head, body]);
}

function lengths(...values: number[]): Buffer {
  const out = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) out.writeUInt32LE(value, 4 * i);
  return out;
}

function expectCorrupt(data: Uint8Array, what?: RegExp): void {
  expect(() => decodeSegment(data)).toThrow(LogError);
  try {
    decodeSegment(data);
  } catch (error) {
    expect(error).toMatchObject({ code: 'log_corrupt', message: expect.stringMatching(what ?? /^a segment is damaged: /) });
  }
}

/** Records as hosts send them: similar to one another. */
const record = fc
  .record({ id: fc.uuid(), user: fc.nat(50), api: fc.constantFrom('wx.getLocation', 'wx.chooseImage'), note: fc.string() })
  .map((value) => Buffer.from(JSON.stringify(value)));
const value = fc.oneof(record, fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(0)));

describe('a segment', () => {
  test('gives back any records, in order, however many segments it takes', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 120 }), fc.integer({ min: 1, max: 40 }), (some, times) => {
        const values = Array.from({ length: times }, () => some).flat();
        const decoded = decodeAll(values);
        expect(decoded.length).toBe(values.length);
        expect(decoded.every((bytes, i) => bytes.equals(values[i]!))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has at most 1,000 records and 4 MiB, and says how many', () => {
    const many = encodeSegments(Array.from({ length: 2_345 }, () => Buffer.from('abc')));
    expect(many.map(({ count, valueBytes }) => [count, valueBytes])).toEqual([
      [1_000, 3_000],
      [1_000, 3_000],
      [345, 1_035],
    ]);
    const large = encodeSegments(Array.from({ length: 9 }, () => Buffer.alloc(1024 * 1024)));
    expect(large.map(({ count }) => count)).toEqual([4, 4, 1]);
    for (const { valueBytes } of large) expect(valueBytes).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
    expect(encodeSegments([])).toEqual([]);
  });

  test('takes one record of 4 MiB, and none above', () => {
    const value = Buffer.alloc(VALUE_BYTES_MAX, 7);
    expect(decodeAll([value])[0]?.equals(value)).toBe(true);
    expect(() => encodeSegments([Buffer.alloc(VALUE_BYTES_MAX + 1)])).toThrow(RangeError);
  });

  test('is compressed only where that makes it smaller', () => {
    const similar = encodeSegments(
      Array.from({ length: 1_000 }, (_, i) => Buffer.from(`{"id":${i},"api":"wx.getLocation"}`)),
    )[0]!;
    expect(similar.data.length).toBeLessThan(similar.valueBytes / 4);
    const noise = Buffer.from(Array.from({ length: 3_000 }, (_, i) => Math.sin(i) * 1e6));
    const stored = encodeSegments([noise])[0]!;
    expect(stored.data.length).toBe(HEADER_BYTES + 4 + noise.length);
    expect(decodeAll([noise])[0]?.equals(noise)).toBe(true);
  });

  test('does not change when the caller changes its buffers afterwards', () => {
    const value = Buffer.from('before');
    const [first] = encodeSegments([value]);
    value.write('after!');
    encodeSegments([Buffer.alloc(1_000, 'other')]);
    expect(valuesOf(decodeSegment(first!.data)).map(String)).toEqual(['before']);
  });
});

describe('a damaged segment', () => {
  test('is found whichever byte is changed', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (values, at, change) => {
          const { data } = encodeSegments(values)[0]!;
          data[at % data.length]! ^= change;
          expectCorrupt(data);
        },
      ),
    );
  });

  test('is found when bytes are lost or added', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        (values, at, more) => {
          const { data } = encodeSegments(values)[0]!;
          expectCorrupt(data.subarray(0, at % data.length));
          expectCorrupt(Buffer.concat([data, more]));
        },
      ),
    );
  });

  test('never leads to anything but that error, whatever the bytes and with a checksum that fits', () => {
    const header = fc.record({
      version: fc.constantFrom(1, 1, 1, 0, 2),
      codec: fc.constantFrom(0, 1, 2),
      count: fc.nat(1_200),
      bodyBytes: fc.nat(6_000_000),
    });
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => zstdCompressSync(bytes)),
    );
    fc.assert(
      fc.property(header, body, (head, bytes) => {
        try {
          const { count, starts, bytes: all } = decodeSegment(sealed(head, bytes));
          expect(starts[count]).toBe(all.length);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LogError', code: 'log_corrupt' });
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    { what: 'no records', data: sealed({ count: 0, bodyBytes: 0 }, Buffer.alloc(0)), says: /0 records/ },
    {
      what: 'too many records',
      data: sealed({ count: SEGMENT_RECORDS_MAX + 1, bodyBytes: 4_004 }, Buffer.alloc(4_004)),
      says: /1001 records/,
    },
    {
      what: 'a body below its lengths',
      data: sealed({ count: 2, bodyBytes: 7 }, Buffer.alloc(7)),
      says: /7 bytes of body for 2 records/,
    },
    {
      what: 'a body above all limits',
      data: sealed({ count: 1, bodyBytes: 0xffff_ffff }, lengths(0)),
      says: /4294967295 bytes of body/,
    },
    { what: 'an unknown version', data: sealed({ version: 2, count: 1, bodyBytes: 4 }, lengths(0)), says: /unknown version 2/ },
    { what: 'an unknown codec', data: sealed({ codec: 9, count: 1, bodyBytes: 4 }, lengths(0)), says: /unknown codec 9/ },
    {
      what: 'another length of body',
      data: sealed({ count: 1, bodyBytes: 5 }, lengths(0)),
      says: /a body of 4 bytes instead of 5/,
    },
    {
      what: 'lengths below the body',
      data: sealed({ count: 1, bodyBytes: 6 }, Buffer.concat([lengths(1), Buffer.from('ab')])),
      says: /do not add up/,
    },
    {
      what: 'lengths above the body',
      data: sealed({ count: 1, bodyBytes: 6 }, Buffer.concat([lengths(3), Buffer.from('ab')])),
      says: /do not add up/,
    },
    {
      what: 'lengths whose sum fits only modulo 2^32',
      data: sealed({ count: 3, bodyBytes: 14 }, Buffer.concat([lengths(0xffff_ffff, 2, 1), Buffer.from('ab')])),
      says: /do not add up/,
    },
    {
      what: 'a body that is no zstd',
      data: sealed({ codec: 1, count: 1, bodyBytes: 50 }, Buffer.alloc(20, 1)),
      says: /cannot be decompressed/,
    },
  ])('with $what is refused', ({ data, says }) => {
    expectCorrupt(data, says);
  });

  test('that would decompress to more than it says takes no memory for it', () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(10_000);
    expectCorrupt(sealed({ codec: 1, count: 1, bodyBytes: 1_000 }, bomb), /cannot be decompressed/);
  });

  test('with something behind its zstd frame is refused', () => {
    const body = Buffer.concat([lengths(996), Buffer.alloc(996)]);
    const frame = zstdCompressSync(body);
    expect(decodeSegment(sealed({ codec: 1, count: 1, bodyBytes: 1_000 }, frame)).count).toBe(1);
    expectCorrupt(sealed({ codec: 1, count: 1, bodyBytes: 1_000 }, Buffer.concat([frame, frame])));
    expectCorrupt(sealed({ codec: 1, count: 1, bodyBytes: 1_000 }, frame.subarray(0, -1)));
  });
});
