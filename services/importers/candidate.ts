/** What a format makes of a file: records on their way into the log. */
import type { LineBatch } from './lines.ts';
import type { OddThings } from './odd-things.ts';

/** A record and where it goes. */
export interface Importable {
  readonly partition: number;
  readonly value: Uint8Array;
}

/** A record that depends on what was imported before, from this file or another; remembered in the import ledger under `key`. */
export interface Remembered {
  readonly key: string;
  /** What to append (null: nothing) and what to remember, given what is remembered so far. Pure. */
  readonly resolve: (entry: Buffer | null) => { readonly record: Importable | null; readonly entry: Uint8Array };
}

/** Counts as one record of the file, whether it is appended once, to every partition or not at all. */
export type Candidate = Importable | Remembered;

export function isRemembered(candidate: Candidate): candidate is Remembered {
  return 'key' in candidate;
}

export interface ConvertOptions {
  /** Partitions of the log. */
  readonly partitions: number;
  /** Candidates at the beginning that an earlier import of the same bytes has dealt with; they are left out. */
  readonly skip: number;
  /** Where what is strange but not wrong is noted. */
  readonly odd: OddThings;
  /** Pseudonymous user of a format that reports on one device. */
  readonly deviceUser: string;
  /** Of times that name none, as RFC 3339 writes it. */
  readonly utcOffset: string;
}

/**
 * Lines of a file to candidates. The same lines give the same candidates in the same order, whatever the batches: a killed import
 * is resumed by their count.
 */
export type Convert = (lines: AsyncIterable<LineBatch>, options: ConvertOptions) => AsyncIterable<readonly Candidate[]>;
