/** Writing and reading the state's pages: varints (LEB128), doubles and length-prefixed UTF-8, little endian. */

/** Below 128: a length of one byte. */
const SHORT_MAX = 63;

/** What a writer keeps for what is written next. */
const KEPT_BYTES_MAX = 1024 * 1024;

export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** A non-negative safe integer. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value >>> 0, this.#length);
  }

  string(value: string): void {
    if (!this.#shortAscii(value)) this.#utf8(value);
  }

  /** Unit by unit, which costs less than two calls into the runtime; false, and nothing written, where it is not so. */
  #shortAscii(value: string): boolean {
    const units = value.length;
    if (units > SHORT_MAX) return false;
    this.#reserve(units + 1);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = units;
    for (let i = 0; i < units; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) return false;
      buffer[at++] = unit;
    }
    this.#length = at;
    return true;
  }

  #utf8(value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.varint(bytes);
    this.#reserve(bytes);
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** Without their length. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** What was written, in the writer's own memory: good until something else is written. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Empty again, with its memory unless that is much. */
  clear(): void {
    if (this.#buffer.length > KEPT_BYTES_MAX) this.#buffer = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX);
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Thrown when bytes end early or hold what no writer wrote: a corrupt page. */
export class PageCorruptError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PageCorruptError';
  }
}

export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get done(): boolean {
    return this.#at >= this.#buffer.length;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      this.#need(1);
      const byte = this.#buffer[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new PageCorruptError('a number in a state page is out of range');
  }

  double(): number {
    this.#need(8);
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  uint32(): number {
    this.#need(4);
    const value = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  string(): string {
    const length = this.varint();
    this.#need(length);
    const value = this.#buffer.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  bytes(): Buffer {
    const length = this.varint();
    this.#need(length);
    const value = Buffer.from(this.#buffer.subarray(this.#at, this.#at + length));
    this.#at += length;
    return value;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#buffer.length) throw new PageCorruptError('a state page ends early');
  }
}
