/**
 * Offsets of a partition that are known to hold no record: markers of transactions, and what was given up. A position stands behind the
 * last record and so before them; when retention removes them from a partition that nobody has written to for long, the log begins
 * behind that position though nothing that anybody needs is gone. What was removed cannot be looked at any more: so whoever reads
 * remembers, and what owners remember goes with their position.
 */
import { z } from 'zod';

const stretch = z.object({ from: z.int().nonnegative(), to: z.int().nonnegative() });

/** From (included) to (not). */
export type Stretch = z.infer<typeof stretch>;

/** What a position says of them: they lie behind it, or where the log began when it was written. */
export const clearNoteSchema = z.object({ offset: z.int().nonnegative(), clear: z.array(stretch).catch([]).default([]) });

export type ClearNote = z.infer<typeof clearNoteSchema>;

export class ClearStretches {
  readonly #noted: () => Promise<ClearNote | null>;
  /** Behind what was read last. */
  #newest: Stretch | null = null;
  /** At the beginning of the log, and removed. */
  #removed: Stretch | null = null;
  /** Where the log was found to begin with a record, or behind one that is gone. */
  #settledStart = 0;

  /** @param noted with the position of whoever judges the partition; null where nobody has yet */
  constructor(noted: () => Promise<ClearNote | null> = async () => null) {
    this.#noted = noted;
  }

  /** There was no record here when it was read. */
  seen(found: Stretch): void {
    if (found.from < found.to) this.#newest = found;
  }

  /** Where the next record from `offset` on can lie at the earliest. */
  behind(offset: number): number {
    const found = [this.#newest, this.#removed].find((one) => one !== null && one.from <= offset && offset < one.to);
    return found?.to ?? offset;
  }

  /** Where the log begins for who counts records: before what was removed at its start and held none. @throws LogError */
  async begin(start: number): Promise<number> {
    if (start === this.#settledStart) return start;
    const covers = (one: Stretch | null): one is Stretch => one !== null && one.from < start && start <= one.to;
    const known = [this.#removed, this.#newest].find(covers);
    const note = known === undefined ? await this.#noted() : null;
    const found = known ?? note?.clear.find(covers);
    if (found !== undefined) {
      this.#removed = found;
      return found.from;
    }
    // Of what lies behind a position more may become known.
    if (note !== null && note.offset >= start) this.#settledStart = start;
    return start;
  }

  /** What is to be noted with a position. */
  at(offset: number): readonly Stretch[] {
    return [this.#newest, this.#removed].filter((one) => one !== null && one.from <= offset) as Stretch[];
  }
}
