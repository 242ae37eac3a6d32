/** Reading and writing Kafka's wire format (https://kafka.apache.org/protocol): big endian, variable-length integers, compact fields. */
import { LogError } from '../event-log.ts';

const TWO_TO_32 = 4_294_967_296;
/** Above this high half an int64 is no safe integer. */
const SAFE_HIGH_MAX = 0x1f_ffff;
const VARINT_BYTES_MAX = 5;
const VARLONG_BYTES_MAX = 10;

export function malformed(what: string): LogError {
  return new LogError('log_corrupt', `the Kafka broker sent ${what}, which this release cannot read`);
}

/** Reads from a buffer; beyond its end it throws a LogError of code `log_corrupt`. */
export class WireReader {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get left(): number {
    return this.end - this.position;
  }

  /** Moves on by `length` and answers where that began. */
  skip(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.end - start) throw malformed('a field that is longer than what holds it');
    this.position = start + length;
    return start;
  }

  int8(): number {
    return this.bytes.readInt8(this.skip(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4));
  }

  /** An int64 that has to be a safe integer: offsets and times are. */
  int64(): number {
    const at = this.skip(8);
    const high = this.bytes.readInt32BE(at);
    if (high > SAFE_HIGH_MAX || high < -SAFE_HIGH_MAX) throw malformed('a number beyond 2^53');
    return high * TWO_TO_32 + this.bytes.readUInt32BE(at + 4);
  }

  /** An int64 of any size, for what is only compared. */
  bigint64(): bigint {
    return this.bytes.readBigInt64BE(this.skip(8));
  }

  /** Unsigned, as compact lengths are; at most 32 bits. */
  uvarint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.bytes[this.skip(1)]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw malformed('a number of too many bytes');
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Zigzag, 64 bits; has to be a safe integer. */
  varlong(): number {
    let value = 0n;
    for (let i = 0n; i < VARLONG_BYTES_MAX; i++) {
      const byte = this.bytes[this.skip(1)]!;
      value |= BigInt(byte & 0x7f) << (7n * i);
      if (byte >= 0x80) continue;
      const number = Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
      if (!Number.isSafeInteger(number)) throw malformed('a number beyond 2^53');
      return number;
    }
    throw malformed('a number of too many bytes');
  }

  /** A compact array's or string's length; null is -1. */
  compactLength(): number {
    return this.uvarint() - 1;
  }

  compactString(): string {
    const length = this.compactLength();
    if (length < 0) return '';
    const at = this.skip(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  compactArray<Item>(item: () => Item): Item[] {
    const count = this.compactLength();
    const items: Item[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  string(): string {
    const length = this.int16();
    if (length < 0) return '';
    const at = this.skip(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  array<Item>(item: () => Item): Item[] {
    const count = this.int32();
    const items: Item[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  uuid(): string {
    const at = this.skip(16);
    const hex = this.bytes.toString('hex', at, at + 16);
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /** Tagged fields: none of them is needed. */
  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }
}

/** Writes into a buffer that grows. `buf` and `buffer` are the names that kafkajs asks for. */
export class WireWriter {
  buf: Buffer;
  length = 0;

  /** @param memory so many bytes, or these */
  constructor(memory: number | Buffer = 256) {
    this.buf = typeof memory === 'number' ? Buffer.allocUnsafe(memory) : memory;
  }

  get buffer(): Buffer {
    return this.buf.subarray(0, this.length);
  }

  /** Makes room for `length` more bytes and answers where they begin. */
  take(length: number): number {
    const start = this.length;
    if (start + length > this.buf.length) {
      const larger = Buffer.allocUnsafe(Math.max(start + length, this.buf.length * 2));
      this.buf.copy(larger, 0, 0, start);
      this.buf = larger;
    }
    this.length = start + length;
    return start;
  }

  int8(value: number): this {
    const at = this.take(1);
    this.buf.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.take(2);
    this.buf.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.take(4);
    this.buf.writeInt32BE(value, at);
    return this;
  }

  /** @throws RangeError when it is not a safe integer */
  int64(value: number | bigint): this {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    const at = this.take(8);
    this.buf.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  uvarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      const at = this.take(1);
      this.buf[at] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    const at = this.take(1);
    this.buf[at] = rest;
    return this;
  }

  /** Zigzag. */
  varint(value: number): this {
    return this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  raw(bytes: Uint8Array): this {
    const at = this.take(bytes.length);
    this.buf.set(bytes, at);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.from(value);
    return this.int16(bytes.length).raw(bytes);
  }

  compactString(value: string): this {
    const bytes = Buffer.from(value);
    return this.uvarint(bytes.length + 1).raw(bytes);
  }

  uuid(value: string): this {
    return this.raw(Buffer.from(value.replaceAll('-', ''), 'hex'));
  }

  /** No tagged fields. */
  noTags(): this {
    return this.uvarint(0);
  }
}
