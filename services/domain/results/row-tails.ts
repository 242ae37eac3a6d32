/**
 * Remembers how rows of ordinary accesses end. Where nothing was found, what a row has behind the user follows from the end of its record,
 * the policy and the declaration: where these are the same as before, the bytes that were written then are copied.
 */
import type { CompiledPolicy } from '../policy/compiled.ts';
import { END_PLACES } from '../record/access-ends.ts';
import type { KnownEnd } from '../record/record.ts';
import type { RowWriter } from './row-writer.ts';

const BYTES_MAX = 256;

export class RowTails {
  /** By place of the end, as all of these: under which end, policy and version of the declaration the tail was written. */
  readonly #ends: (KnownEnd | null)[] = Array.from({ length: END_PLACES }, () => null);
  readonly #policies: (CompiledPolicy | null)[] = Array.from({ length: END_PLACES }, () => null);
  readonly #versions = new Float64Array(END_PLACES);
  /** The tails themselves, `BYTES_MAX` apart. */
  readonly #lengths = new Uint16Array(END_PLACES);
  readonly #bytes = new Uint8Array(END_PLACES * BYTES_MAX);

  /** Writes the tail that was kept for this end under this policy and this version of the declaration (0: none); false where there is none. */
  write(out: RowWriter, end: KnownEnd, policy: CompiledPolicy, declarationVersion: number): boolean {
    const { place } = end;
    const isKept = this.#ends[place] === end && this.#policies[place] === policy && this.#versions[place] === declarationVersion;
    if (isKept) out.copy(this.#bytes, place * BYTES_MAX, place * BYTES_MAX + this.#lengths[place]!);
    return isKept;
  }

  /** Keeps what was written from `start` on. */
  keep(out: RowWriter, start: number, end: KnownEnd, policy: CompiledPolicy, declarationVersion: number): void {
    const length = out.length - start;
    if (length > BYTES_MAX) return;
    const { place } = end;
    this.#bytes.set(out.buffer.subarray(start, out.length), place * BYTES_MAX);
    this.#lengths[place] = length;
    this.#ends[place] = end;
    this.#policies[place] = policy;
    this.#versions[place] = declarationVersion;
  }
}
