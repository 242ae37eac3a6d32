/** Bytes in pieces; and little-endian bytes, read at a moving place and written into a growing buffer. */

export function byteCountOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The bytes end inside a value. */
export class EndsEarly extends Error {
  constructor() {
    super('the bytes end early');
    this.name = 'EndsEarly';
  }
}

/** Longest LEB128 of a length that a Buffer can have. */
const VARINT_BYTES_MAX = 8;

export class ByteReader {
  readonly #bytes: Buffer;
  /** Place of the next read. */
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) throw new EndsEarly();
    this.at = start + length;
    return start;
  }

  uint(length: 1 | 2 | 4): number {
    return this.#bytes.readUIntLE(this.#take(length), length);
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  float32(): number {
    return this.#bytes.readFloatLE(this.#take(4));
  }

  /** LEB128: seven bits a byte, lowest first. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    // A length beyond all memory is damage that shows as too few bytes.
    throw new EndsEarly();
  }

  text(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, this.at);
  }
}

const INITIAL_BYTES = 1024;

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  /** What was written, without copying. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(length: number): number {
    const start = this.#length;
    if (start + length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, start + length));
      this.#buffer.copy(grown, 0, 0, start);
      this.#buffer = grown;
    }
    this.#length = start + length;
    return start;
  }

  uint(value: number, length: 1 | 2 | 4): void {
    const at = this.#reserve(length);
    this.#buffer.writeUIntLE(value, at, length);
  }

  uint64(value: bigint): void {
    // The place first: reserving may move the buffer.
    const at = this.#reserve(8);
    this.#buffer.writeBigUInt64LE(value, at);
  }

  float32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeFloatLE(value, at);
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.uint((rest % 0x80) + 0x80, 1);
      rest = Math.floor(rest / 0x80);
    }
    this.uint(rest, 1);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }
}
