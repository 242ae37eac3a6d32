/**
 * Codec of a segment: up to 1,000 records in a row as one blob, offsets implied.
 *
 * | bytes | |
 * |---|---|
 * | 0 | version, 1 |
 * | 1 | codec of the body: 0 as it is, 1 zstd |
 * | 2-3 | records, UInt16 |
 * | 4-7 | length of the body before compression, UInt32 |
 * | 8-11 | CRC-32 of bytes 0-7 and of the body as stored, UInt32 |
 * | 12- | body: a UInt32 for the length of each record, then the records back to back |
 *
 * All numbers are little endian. The lengths lie inside the body because zstd makes nearly nothing of them.
 */
import { constants, crc32 } from 'node:zlib';
import { zstdPacked, zstdUnpacked } from '../compression/one-shot.ts';
import { LogError } from './event-log.ts';

export const SEGMENT_RECORDS_MAX = 1_000;
/** Sum of the records' bytes in a segment of several records. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
/** One record; `max.message.bytes` of contracts.md section 1.8. */
export const VALUE_BYTES_MAX = 4 * 1024 * 1024;

const VERSION = 1;
const CODEC_NONE = 0;
const CODEC_ZSTD = 1;
const HEADER_BYTES = 12;
const BODY_BYTES_MAX = Math.max(SEGMENT_BYTES_MAX, VALUE_BYTES_MAX) + 4 * SEGMENT_RECORDS_MAX;

/** One record of 370 bytes alone shrinks by a quarter, but then costs 23 us to read instead of 3: not worth it. */
const COMPRESSED_ABOVE_BYTES = 512;
const ZSTD_CHUNK_BYTES = 64 * 1024;
/** 8 MiB, above the largest body: a frame that asks for more memory than that is not ours. */
const UNZSTD_PARAMS = { [constants.ZSTD_d_windowLogMax]: 23 };
/** Node begins another chunk of output when one is exactly full, and takes none below this. */
const CHUNK_SPARE_BYTES = 64;

export interface EncodedSegment {
  readonly data: Buffer;
  readonly count: number;
  /** Sum of the records' bytes. */
  readonly valueBytes: number;
  /** What decoding `data` gives; a copy of the records that were given. */
  readonly decoded: DecodedSegment;
}

export interface DecodedSegment {
  readonly count: number;
  /** A record is `bytes[starts[i], starts[i + 1])`; the first begins behind the lengths. */
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
}

/**
 * Cuts values into segments.
 * @throws RangeError when a value is larger than {@link VALUE_BYTES_MAX}: the caller has to bound what it appends
 */
export function encodeSegments(values: readonly Uint8Array[]): EncodedSegment[] {
  const segments: EncodedSegment[] = [];
  for (let from = 0; from < values.length; ) {
    const segment = encodeFrom(values, from);
    segments.push(segment);
    from += segment.count;
  }
  return segments;
}

/** As many values from `from` on as a segment takes, at least one. */
function encodeFrom(values: readonly Uint8Array[], from: number): EncodedSegment {
  const end = Math.min(values.length, from + SEGMENT_RECORDS_MAX);
  let valueBytes = 0;
  let count = 0;
  for (let i = from; i < end; i++) {
    const { length } = values[i]!;
    if (length > VALUE_BYTES_MAX) throw new RangeError(`a record may have ${VALUE_BYTES_MAX} bytes, this one has ${length}`);
    if (count > 0 && valueBytes + length > SEGMENT_BYTES_MAX) break;
    valueBytes += length;
    count++;
  }
  return { count, valueBytes, ...pack(values, from, count, valueBytes) };
}

function pack(
  values: readonly Uint8Array[],
  from: number,
  count: number,
  valueBytes: number,
): Pick<EncodedSegment, 'data' | 'decoded'> {
  const bodyBytes = 4 * count + valueBytes;
  const whole = Buffer.allocUnsafeSlow(HEADER_BYTES + bodyBytes);
  const body = whole.subarray(HEADER_BYTES);
  const starts = new Uint32Array(count + 1);
  let at = 4 * count;
  for (let i = 0; i < count; i++) {
    const value = values[from + i]!;
    body.writeUInt32LE(value.length, 4 * i);
    body.set(value, at);
    starts[i] = at;
    at += value.length;
  }
  starts[count] = at;
  const packed = bodyBytes > COMPRESSED_ABOVE_BYTES ? compress(body) : body;
  const isPacked = packed.length < body.length;
  const stored = isPacked ? packed : body;
  whole[0] = VERSION;
  whole[1] = isPacked ? CODEC_ZSTD : CODEC_NONE;
  whole.writeUInt16LE(count, 2);
  whole.writeUInt32LE(bodyBytes, 4);
  whole.writeUInt32LE(checksum(whole, stored), 8);
  const data = isPacked ? Buffer.concat([whole.subarray(0, HEADER_BYTES), packed]) : whole;
  return { data, decoded: { count, bytes: body, starts } };
}

function compress(body: Buffer): Buffer {
  return zstdPacked(body, { chunkSize: Math.min(ZSTD_CHUNK_BYTES, body.length) });
}

function checksum(header: Buffer, stored: Buffer): number {
  return crc32(stored, crc32(header.subarray(0, 8)));
}

/**
 * The result may share memory with `data`. Memory used is bounded whatever the bytes are.
 * @throws LogError `log_corrupt`
 */
export function decodeSegment(data: Uint8Array): DecodedSegment {
  const stored = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (stored.length < HEADER_BYTES) throw corrupt(`${stored.length} bytes are too short`);
  if (stored[0] !== VERSION) throw corrupt(`unknown version ${stored[0]}`);
  const count = stored.readUInt16LE(2);
  const bodyBytes = stored.readUInt32LE(4);
  if (count === 0 || count > SEGMENT_RECORDS_MAX) throw corrupt(`${count} records`);
  if (bodyBytes < 4 * count || bodyBytes > BODY_BYTES_MAX) throw corrupt(`${bodyBytes} bytes of body for ${count} records`);
  const packed = stored.subarray(HEADER_BYTES);
  if (stored.readUInt32LE(8) !== checksum(stored, packed)) throw corrupt('the checksum does not match');
  const bytes = bodyOf(stored[1]!, packed, bodyBytes);
  if (bytes.length !== bodyBytes) throw corrupt(`a body of ${bytes.length} bytes instead of ${bodyBytes}`);
  return { count, bytes, starts: startsOf(bytes, count) };
}

function bodyOf(codec: number, packed: Buffer, bodyBytes: number): Buffer {
  if (codec === CODEC_NONE) return packed;
  if (codec !== CODEC_ZSTD) throw corrupt(`unknown codec ${codec}`);
  try {
    return zstdUnpacked(packed, {
      params: UNZSTD_PARAMS,
      chunkSize: bodyBytes + CHUNK_SPARE_BYTES,
      maxOutputLength: bodyBytes,
      rejectGarbageAfterEnd: true,
    }).bytes;
  } catch (error) {
    throw corrupt('the body cannot be decompressed', error);
  }
}

function startsOf(bytes: Buffer, count: number): Uint32Array {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, 4 * count);
  const starts = new Uint32Array(count + 1);
  let at = 4 * count;
  for (let i = 0; i < count; i++) {
    starts[i] = at;
    at += lengths.getUint32(4 * i, true);
  }
  starts[count] = at;
  // `at` is exact (below 2^53), so that no wrapped sum passes for the right one; equal at the end means none before is past it.
  if (at !== bytes.length) throw corrupt('the lengths do not add up');
  return starts;
}

function corrupt(what: string, cause?: unknown): LogError {
  return new LogError('log_corrupt', `a segment is damaged: ${what}`, cause === undefined ? undefined : { cause });
}
