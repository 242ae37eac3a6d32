/**
 * Which imports wait for each other: those of the same bytes, and all App Privacy Reports, whose intervals and network rows are added to
 * what the import ledger remembers of earlier ones. Imports of other processes are not seen.
 */
import { Turnstile } from '../platform/turnstile.ts';
import type { ImportFormat } from './formats.ts';

interface Turns {
  readonly turnstile: Turnstile;
  /** Those inside and those that wait. */
  here: number;
}

export class ImportTurns {
  readonly #turns = new Map<string, Turns>();

  /** Does `work` when every import that it has to wait for is over, failed or not. */
  async inside<Result>(format: ImportFormat, sha256: string, work: () => Promise<Result>): Promise<Result> {
    const key = format === 'apple-privacy-report' ? format : sha256;
    const turns = this.#turns.get(key) ?? { turnstile: new Turnstile(1), here: 0 };
    this.#turns.set(key, turns);
    turns.here++;
    try {
      return await turns.turnstile.inside(work);
    } finally {
      turns.here--;
      if (turns.here === 0) this.#turns.delete(key);
    }
  }
}
