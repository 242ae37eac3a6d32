/** Rows of 32-bit floats in one array that grows: so many cells a slot, nothing that the garbage collector has to look at. */
export class FloatRows {
  cells: Float32Array;
  readonly stride: number;

  constructor(stride: number, slots: number) {
    this.stride = stride;
    this.cells = new Float32Array(stride * slots);
  }

  reserve(slots: number): void {
    if (slots * this.stride <= this.cells.length) return;
    // By half: doubled, the last growth of a million rows would be memory that nobody uses.
    const wider = new Float32Array(Math.max(slots, Math.ceil((this.cells.length / this.stride) * 1.5)) * this.stride);
    wider.set(this.cells);
    this.cells = wider;
  }

  /** The bytes of slots `[from, to)`, copied. */
  bytes(from: number, to: number): Buffer {
    const { buffer, byteOffset } = this.cells;
    return Buffer.from(buffer.slice(byteOffset + from * this.stride * 4, byteOffset + to * this.stride * 4));
  }

  /** The same from rows of `stride` cells, fewer than there are now: what came later keeps what a new row has. */
  putNarrower(slot: number, bytes: Uint8Array, stride: number): void {
    for (let at = 0, to = slot; at < bytes.length; at += stride * 4, to++) this.put(to, bytes.subarray(at, at + stride * 4));
  }

  /** Puts stored bytes back from a slot on. */
  put(slot: number, bytes: Uint8Array): void {
    new Uint8Array(this.cells.buffer, this.cells.byteOffset + slot * this.stride * 4, bytes.length).set(bytes);
  }
}

/** An array of the same kind, half as long again or as long as is needed. */
export function grownInt32(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const wider = new Int32Array(Math.max(length, Math.ceil(array.length * 1.5)));
  wider.set(array);
  return wider;
}
