/**
 * Which pages of one kind of state changed since the last checkpoint, and their contents as they were when one began.
 *
 * A checkpoint is a picture of the state at one offset, but its pages are written over several batches, so that none waits
 * long. Between the two the fold goes on: a page that is about to change and has not been written yet is encoded first.
 *
 * All pages are encoded into the same memory. While the garbage collector is marking, V8 stops for five milliseconds or more each time that
 * some hundred KiB are allocated beside its heap, and a page has as much.
 */
import { ByteWriter } from './bytes.ts';

/** The memory that all pages are encoded into. */
const encoded = new ByteWriter();

const CLEAN = 0;
/** Changed since it was last written. */
const DIRTY = 1;
/** Belongs to the checkpoint under way and has not been encoded yet. */
const PENDING = 2;

export class PageSet {
  readonly #encode: (page: number, out: ByteWriter) => void;
  #states = new Uint8Array(16);
  #count = 0;
  #pending: number[] = [];
  /** Pages of the checkpoint under way that have changed since it began, as they were. */
  readonly #pictures = new Map<number, Buffer>();

  /** `encode` writes a page as it is now. */
  constructor(encode: (page: number, out: ByteWriter) => void) {
    this.#encode = encode;
  }

  /** Must be called before anything in the page changes. */
  touch(page: number): void {
    if (page >= this.#count) this.#grow(page + 1);
    const state = this.#states[page];
    if (state === DIRTY) return;
    if (state === PENDING) this.#pictures.set(page, Buffer.from(this.#encoded(page)));
    this.#states[page] = DIRTY;
  }

  /** Makes the pages that changed so far part of a checkpoint that shows them as they are now. */
  begin(): void {
    for (let page = 0; page < this.#count; page++) {
      if (this.#states[page] !== DIRTY) continue;
      this.#states[page] = PENDING;
      this.#pending.push(page);
    }
  }

  /** The next page of the checkpoint under way, or null when all have been taken. Its bytes are good until another page is encoded, of any set. */
  next(): { readonly page: number; readonly bytes: Buffer } | null {
    const page = this.#pending.pop();
    if (page === undefined) return null;
    const picture = this.#pictures.get(page);
    if (picture !== undefined) {
      this.#pictures.delete(page);
      return { page, bytes: picture };
    }
    this.#states[page] = CLEAN;
    return { page, bytes: this.#encoded(page) };
  }

  /** Says that pages 0 to `count` - 1 exist and are as stored. */
  restored(count: number): void {
    this.#grow(count);
    this.#states.fill(CLEAN, 0, count);
  }

  #encoded(page: number): Buffer {
    encoded.clear();
    this.#encode(page, encoded);
    return encoded.written();
  }

  #grow(count: number): void {
    if (count > this.#states.length) {
      const grown = new Uint8Array(Math.max(count, this.#states.length * 2));
      grown.set(this.#states);
      this.#states = grown;
    }
    this.#count = Math.max(this.#count, count);
  }
}
