/**
 * How rows of ordinary accesses end. Behind the user a row says what the access says there, under a policy and a declaration that hardly
 * change; where nothing was found, the same end gives the same bytes, which are copied instead of written again.
 */
import type { CompiledPolicy } from '../policy/compiled.ts';
import { END_PLACES } from '../record/access-ends.ts';
import type { KnownEnd } from '../record/record.ts';
import type { RowWriter } from './row-writer.ts';

const BYTES_MAX = 256;

export class RowTails {
  /** By place of the end, as all of these: whose tail it is, */
  readonly #ends: (KnownEnd | null)[] = Array.from({ length: END_PLACES }, () => null);
  readonly #policies: (CompiledPolicy | null)[] = Array.from({ length: END_PLACES }, () => null);
  readonly #versions = new Float64Array(END_PLACES);
  /** and its bytes. */
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
