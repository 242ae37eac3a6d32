/** How many program-days had which worst: bins of equal width from 0, the last one for everything beyond. Old days fade by halving. */
import type { ByteReader, ByteWriter } from '../state/bytes.ts';

const BINS = 400;
/** From so many program-days on all count half, again and again: platforms change, and memory has an end. */
const DAYS_MAX = 1 << 15;

export class DayHistogram {
  readonly #bins = new Float64Array(BINS);
  readonly #binsAUnit: number;
  #days = 0;

  constructor(binsAUnit: number) {
    this.#binsAUnit = binsAUnit;
  }

  get days(): number {
    return this.#days;
  }

  add(worst: number): void {
    this.#bins[this.#binOf(worst)]!++;
    this.#days++;
  }

  /** A day that was added as `from` was the beginning of something, which is now at `to`. */
  move(from: number, to: number): void {
    const before = this.#binOf(from);
    // Faded since: then it stays what it was.
    if (this.#bins[before]! < 1) return;
    this.#bins[before]!--;
    this.#bins[this.#binOf(to)]!++;
  }

  #binOf(worst: number): number {
    return Math.min(BINS - 1, Math.floor(worst * this.#binsAUnit));
  }

  fade(): void {
    if (this.#days < DAYS_MAX) return;
    this.#days = 0;
    for (let bin = 0; bin < BINS; bin++) {
      this.#bins[bin]! /= 2;
      this.#days += this.#bins[bin]!;
    }
  }

  /** Linear within a bin; 0 without days. */
  quantile(p: number): number {
    let rest = p * this.#days;
    for (let bin = 0; bin < BINS; bin++) {
      const here = this.#bins[bin]!;
      if (rest <= here) return (bin + (here > 0 ? rest / here : 0)) / this.#binsAUnit;
      rest -= here;
    }
    return BINS / this.#binsAUnit;
  }

  write(out: ByteWriter): void {
    let used = 0;
    for (const bin of this.#bins) if (bin !== 0) used++;
    out.varint(used);
    for (let bin = 0; bin < BINS; bin++) {
      if (this.#bins[bin] === 0) continue;
      out.varint(bin);
      out.double(this.#bins[bin]!);
    }
    out.double(this.#days);
  }

  /** @throws PageCorruptError when the bytes end early */
  restore(reader: ByteReader): void {
    for (let used = reader.varint(); used > 0; used--) {
      const bin = Math.min(BINS - 1, reader.varint());
      this.#bins[bin] = reader.double();
    }
    this.#days = reader.double();
  }
}
