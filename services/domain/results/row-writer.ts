/**
 * ClickHouse's RowBinary into a growing buffer (see schemas/results/columns.ts): integers little endian, strings and
 * arrays with their length as LEB128 first. Short strings are copied unit by unit, which costs less than a call into
 * the runtime; the first unit that is not ASCII hands the string over to it.
 */
const TWO_32 = 2 ** 32;
const BYTES_AT_FIRST = 1 << 16;
const FLOAT = new Float32Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);

export class RowWriter {
  buffer = Buffer.allocUnsafe(BYTES_AT_FIRST);
  length = 0;

  /** What was written, without copying; valid until the next write after {@link clear}. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Must be called with an upper bound of what follows before any fixed-size value. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  uint8(value: number): void {
    this.buffer[this.length++] = value;
  }

  uint16(value: number): void {
    this.buffer[this.length++] = value & 0xff;
    this.buffer[this.length++] = value >>> 8;
  }

  uint32(value: number): void {
    const { buffer } = this;
    buffer[this.length++] = value & 0xff;
    buffer[this.length++] = (value >>> 8) & 0xff;
    buffer[this.length++] = (value >>> 16) & 0xff;
    buffer[this.length++] = value >>> 24;
  }

  float32(value: number): void {
    FLOAT[0] = value;
    this.uint32(FLOAT_BITS[0]!);
  }

  /** A non-negative safe integer. */
  uint64(value: number): void {
    if (value < TWO_32) {
      this.uint32(value);
      this.uint32(0);
    } else {
      const high = Math.floor(value / TWO_32);
      this.uint32(value - high * TWO_32);
      this.uint32(high);
    }
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.length++] = rest;
  }

  /** UTF-8 with its length; reserves for itself. */
  string(text: string): void {
    const units = text.length;
    this.reserve(units * 3 + 16);
    if (units >= 64) {
      this.#long(text);
      return;
    }
    const { buffer } = this;
    const start = this.length;
    let at = start + 1;
    for (let i = 0; i < units; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.#long(text);
        return;
      }
      buffer[at++] = unit;
    }
    buffer[start] = units;
    this.length = at;
  }

  /** A string in UTF-8 as it stands elsewhere, with its length; reserves for itself. */
  text(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + 16);
    this.varint(end - start);
    this.copy(bytes, start, end);
  }

  /** Bytes as they are, without their length; reserves for itself. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { buffer } = this;
    let to = this.length;
    for (let at = start; at < end; at++) buffer[to++] = bytes[at]!;
    this.length = to;
  }

  #long(text: string): void {
    this.varint(Buffer.byteLength(text, 'utf8'));
    this.length += this.buffer.write(text, this.length, 'utf8');
  }

  /** ASCII as it is, without a length. */
  raw(text: string): void {
    const { buffer } = this;
    for (let i = 0; i < text.length; i++) buffer[this.length++] = text.charCodeAt(i);
  }
}
