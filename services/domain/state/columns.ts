/** Tables as columns of numbers, which the garbage collector need not look at. */

/** Where a row begins in its piece of two to the power of `shift` rows. */
export function rowInPiece(slot: number, shift: number, stride: number): number {
  return (slot & ((1 << shift) - 1)) * stride;
}

/**
 * Rows of 32-bit floats in pieces of so many rows. A table that had to be copied to grow would take twice its memory meanwhile and keep
 * everybody waiting. A stored page lies within one piece.
 */
export class PiecedRows {
  readonly #pieces: Float32Array[] = [];
  readonly #stride: number;
  readonly #shift: number;

  /** Pieces have two to the power of `shift` rows. */
  constructor(stride: number, shift: number) {
    this.#stride = stride;
    this.#shift = shift;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  reserve(slots: number): void {
    while (this.#pieces.length << this.#shift < slots) this.#pieces.push(new Float32Array(this.#stride << this.#shift));
  }

  /** The piece that a slot's row lies in, see {@link rowInPiece}. */
  pieceOf(slot: number): Float32Array {
    return this.#pieces[slot >>> this.#shift]!;
  }

  #at(slot: number): number {
    return rowInPiece(slot, this.#shift, this.#stride);
  }

  /** The bytes of slots `[from, to)` of one piece, not copied. */
  bytesOf(from: number, to: number): Uint8Array {
    const { buffer, byteOffset } = this.pieceOf(from);
    return new Uint8Array(buffer, byteOffset + this.#at(from) * 4, (to - from) * this.#stride * 4);
  }

  /** Puts stored bytes back from a slot on: rows of `stride` cells, which may be fewer than there are now; what came later keeps what a new row has. */
  put(slot: number, bytes: Uint8Array, stride = this.#stride): void {
    for (let at = 0, to = slot; at < bytes.length; at += stride * 4, to++) {
      const { buffer, byteOffset } = this.pieceOf(to);
      new Uint8Array(buffer, byteOffset + this.#at(to) * 4, stride * 4).set(bytes.subarray(at, at + stride * 4));
    }
  }
}

/** An array of the same kind, half as long again or as long as is needed. */
export function grownInt32(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const wider = new Int32Array(Math.max(length, Math.ceil(array.length * 1.5)));
  wider.set(array);
  return wider;
}
