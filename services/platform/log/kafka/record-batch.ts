/**
 * Codec of Kafka's record batches (magic 2, https://kafka.apache.org/documentation/#recordbatch), to and from columns: kafkajs
 * makes several objects of each record and never checks what it computes with.
 *
 * | bytes | |
 * |---|---|
 * | 0-7, 8-11 | base offset, length of what follows |
 * | 12-15, 16, 17-20 | leader epoch, magic 2, CRC-32C of what follows |
 * | 21-22, 23-26 | attributes, last offset less the base |
 * | 27-34, 35-42 | first and greatest timestamp |
 * | 43-50, 51-52, 53-56 | producer's id, epoch and sequence number of the first record |
 * | 57-60 | records, which follow, compressed as a whole |
 */
import { ORIGIN, type Origin } from '../event-log.ts';
import { BATCH_RECORDS_MAX, BatchTooLarge, CODEC, compress, compressAside, decompress } from './batch-compression.ts';
import { crc32c } from './crc32c.ts';
import { type RecordColumns, recordColumns } from './record-columns.ts';
import { malformed, WireReader, WireWriter } from './wire.ts';

const HEADER_BYTES = 61;
const LENGTH_END = 12;
const CRC_START = 17;
const CRC_END = 21;
const MAGIC = 2;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** As segments of the SQLite log: less is not worth the time to read it. */
const PLAIN_BYTES_MAX_ELSE = 512;
/** Around a value: lengths, no key or a short one, where it came in. */
const RECORD_SPARE_BYTES = 64;
/** Handing less over to another thread costs more than it saves. */
const ASIDE_ABOVE_BYTES = 32 * 1024;
/** Header that carries where a record came in; absent for `live`. Its value is the number as one character. */
const ORIGIN_HEADER = Buffer.from('ntk-origin');
const CHAR_ZERO = 0x30;
const ORIGIN_MAX = Math.max(...Object.values(ORIGIN));

export interface OutgoingBatch {
  readonly values: readonly (Uint8Array | null)[];
  /** As many as values, or null for none. */
  readonly keys: readonly (Uint8Array | null)[] | null;
  readonly origin: Origin;
  /** Records of up to so many bytes together are left as they are, more are compressed. @default 512 */
  readonly plainBytesMax?: number | undefined;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

/** A transactional batch. Times are the broker's business (LogAppendTime). */
export function encodeBatch(batch: OutgoingBatch): Buffer {
  const records = encodeRecords(batch.values, batch.keys, batch.origin);
  if (records.length <= (batch.plainBytesMax ?? PLAIN_BYTES_MAX_ELSE)) return framed(batch, records, CODEC.none);
  return framed(batch, compress(records), CODEC.zstd);
}

/** The same; a large one is compressed by another thread, so that this one goes on judging. */
export async function encodeBatchAside(batch: OutgoingBatch): Promise<Buffer> {
  const bytes = batch.values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
  if (bytes <= ASIDE_ABOVE_BYTES) return encodeBatch(batch);
  const room = roomFor(batch.values);
  const memory = spare.findLast(({ length }) => length >= room) ?? Buffer.allocUnsafeSlow(Math.ceil(room * SPARE));
  spare = spare.filter((each) => each !== memory);
  const packed = await compressAside(encodeRecords(batch.values, batch.keys, batch.origin, memory));
  // After an error it is not: the other thread may still read it.
  spare = [...spare, memory].slice(-SPARE_MAX);
  return framed(batch, packed, CODEC.zstd);
}

/** Memory of batches that were compressed, up to about a chunk's size each: fresh memory for each makes the collector run. */
let spare: Buffer[] = [];
/** As many partitions write at once. */
const SPARE_MAX = 8;
const SPARE = 1.1;

function framed({ values, producerId, producerEpoch, firstSequence }: OutgoingBatch, body: Buffer, codec: number): Buffer {
  const batch = new WireWriter(HEADER_BYTES + body.length)
    .int64(0)
    .int32(HEADER_BYTES - LENGTH_END + body.length)
    .int32(-1)
    .int8(MAGIC)
    .int32(0)
    .int16(TRANSACTIONAL | codec)
    .int32(values.length - 1)
    .int64(0)
    .int64(0)
    .int64(BigInt(producerId))
    .int16(producerEpoch)
    .int32(firstSequence)
    .int32(values.length)
    .raw(body).buffer;
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_END)), CRC_START);
  return batch;
}

/** At least as much as encoded records take. */
function roomFor(values: OutgoingBatch['values']): number {
  return values.reduce((sum, value) => sum + (value?.length ?? 0) + RECORD_SPARE_BYTES, 0);
}

function encodeRecords(
  values: OutgoingBatch['values'],
  keys: OutgoingBatch['keys'],
  origin: Origin,
  memory: number | Buffer = roomFor(values),
): Buffer {
  const headers = new WireWriter(16);
  if (origin === ORIGIN.live) headers.varint(0);
  else
    headers
      .varint(1)
      .varint(ORIGIN_HEADER.length)
      .raw(ORIGIN_HEADER)
      .varint(1)
      .int8(CHAR_ZERO + origin);
  const tail = headers.buffer;
  // All of it at once: what grows leaves its smaller selves to the garbage collector, which looks at the whole heap for them.
  const out = new WireWriter(memory);
  for (const [i, value] of values.entries()) {
    const key = keys?.[i];
    const bytes = 2 + varintBytes(i) + fieldBytes(key) + fieldBytes(value) + tail.length;
    out.varint(bytes).int8(0).varint(0).varint(i);
    writeField(out, key);
    writeField(out, value);
    out.raw(tail);
  }
  return out.buffer;
}

function varintBytes(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let bytes = 1;
  for (; rest >= 0x80; bytes++) rest = Math.floor(rest / 128);
  return bytes;
}

function fieldBytes(bytes: Uint8Array | null | undefined): number {
  return bytes === null || bytes === undefined ? 1 : varintBytes(bytes.length) + bytes.length;
}

function writeField(out: WireWriter, bytes: Uint8Array | null | undefined): void {
  if (bytes === null || bytes === undefined) out.varint(-1);
  else out.varint(bytes.length).raw(bytes);
}

/** A batch whose records have not been looked at yet. */
export interface RawBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly attributes: number;
  readonly baseTimeMs: number;
  readonly maxTimeMs: number;
  readonly count: number;
  /** As stored, compressed or not. */
  readonly body: Buffer;
  /** CRC-32C as the header has it, and what it is taken over. */
  readonly checksum: number;
  readonly checked: Buffer;
}

/** The whole batches in a part of a log; a broker cuts the last one off where it likes. @throws LogError log_corrupt */
export function splitBatches(bytes: Buffer): RawBatch[] {
  const batches: RawBatch[] = [];
  for (let at = 0; bytes.length - at >= HEADER_BYTES; ) {
    const length = bytes.readInt32BE(at + 8);
    if (length < HEADER_BYTES - LENGTH_END) throw malformed('a batch that is too short');
    const end = at + LENGTH_END + length;
    if (end > bytes.length) break;
    batches.push(readHeader(new WireReader(bytes, at, end)));
    at = end;
  }
  return batches;
}

function readHeader(reader: WireReader): RawBatch {
  const baseOffset = reader.int64();
  reader.skip(8);
  const magic = reader.int8();
  if (magic !== MAGIC) throw malformed(`a batch of format ${magic}`);
  const checksum = reader.int32() >>> 0;
  const checked = reader.bytes.subarray(reader.position, reader.end);
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const baseTimeMs = reader.int64();
  const maxTimeMs = reader.int64();
  const producerId = reader.bigint64();
  reader.skip(6);
  const count = reader.int32();
  if (count < 0 || lastOffset < baseOffset) throw malformed('a batch of fewer than no records');
  return {
    baseOffset,
    lastOffset,
    producerId,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    attributes,
    baseTimeMs,
    maxTimeMs,
    count,
    body: reader.bytes.subarray(reader.position, reader.end),
    checksum,
    checked,
  };
}

/** Records as columns, at least `count` long; a value is `body[valueStarts[i], valueStarts[i] + valueLengths[i])`, a length of -1 is null. */
export interface DecodedBatch extends RecordColumns {
  readonly count: number;
  readonly body: Buffer;
}

/**
 * Into `columns` where they are long enough; what was decoded into them before is gone then.
 * @throws LogError log_corrupt
 */
export function decodeBatch(batch: RawBatch, columns?: RecordColumns): DecodedBatch {
  const { count, baseOffset, isTransactional, attributes } = batch;
  if (count > BATCH_RECORDS_MAX) throw new BatchTooLarge();
  const body = decompress(attributes, batch.body);
  // A record has at least seven bytes: a count beyond that would ask for memory that nothing fills.
  if (count > body.length) throw malformed('a batch of fewer records than it says');
  const reader = new WireReader(body);
  const into = columns !== undefined && columns.offsets.length >= count ? columns : recordColumns(count);
  const decoded: DecodedBatch = { ...into, count, body };
  const hasAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    const end = reader.position + length;
    if (length < 0 || end > body.length) throw malformed('a record that is longer than its batch');
    reader.skip(1);
    const delta = reader.varlong();
    decoded.timesMs[i] = hasAppendTime ? batch.maxTimeMs : batch.baseTimeMs + delta;
    decoded.offsets[i] = baseOffset + reader.varint();
    decoded.keyLengths[i] = reader.varint();
    decoded.keyStarts[i] = reader.skip(Math.max(0, decoded.keyLengths[i]!));
    decoded.valueLengths[i] = reader.varint();
    decoded.valueStarts[i] = reader.skip(Math.max(0, decoded.valueLengths[i]!));
    // A host could write the header too, to have its times believed. Hosts do not use transactions (contracts.md 1.8), and the
    // broker lets only those do so whom its ACLs give a transactional id.
    decoded.origins[i] = isTransactional && reader.position < end - 1 ? readOrigin(reader) : ORIGIN.live;
    if (reader.position > end) throw malformed('a record that is longer than it says');
    reader.position = end;
  }
  return decoded;
}

function readOrigin(reader: WireReader): number {
  for (let count = reader.varint(); count > 0; count--) {
    const name = reader.varint();
    const nameAt = reader.skip(Math.max(0, name));
    const value = reader.varint();
    const valueAt = reader.skip(Math.max(0, value));
    if (value !== 1 || name !== ORIGIN_HEADER.length) continue;
    if (reader.bytes.compare(ORIGIN_HEADER, 0, name, nameAt, nameAt + name) !== 0) continue;
    const origin = reader.bytes[valueAt]! - CHAR_ZERO;
    if (origin < 0 || origin > ORIGIN_MAX) throw malformed('a record of an unknown origin');
    return origin;
  }
  return ORIGIN.live;
}

/** Whether a control batch says that its producer's transaction was given up. */
export function isAbortMarker(batch: RawBatch): boolean {
  const { keyStarts, keyLengths, body, count } = decodeBatch(batch);
  return count > 0 && keyLengths[0]! >= 4 && body.readInt16BE(keyStarts[0]! + 2) === 0;
}
