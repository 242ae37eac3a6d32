/** Where the record that is folded stands in its partition, and how it came in. One object serves all records of a fold. */
import { ORIGIN } from '../../../schemas/codes.ts';
import type { FoldInput } from './fold-input.ts';

export class Place {
  offset = 0;
  appendedAtMs = 0;
  origin: number = ORIGIN.live;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** Goes to the `at`-th record. */
  goTo({ bytes, starts, offsets, appendedAtMs, origins }: FoldInput, at: number): void {
    this.offset = offsets[at]!;
    this.appendedAtMs = appendedAtMs[at]!;
    this.origin = origins[at]!;
    this.#bytes = bytes;
    this.#start = starts[at]!;
    this.#end = starts[at + 1]!;
  }

  /** The record's bytes; few ask for them. */
  raw(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }
}
