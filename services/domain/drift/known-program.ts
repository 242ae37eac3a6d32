/** What is known of one program, from whatever said it: its manifest, the log, static analysis, the results. */

export interface KnownPurpose {
  readonly id: string;
  readonly text: string;
  readonly categories: readonly string[];
}

export interface FoundInCode {
  readonly category: string;
  /** Null: static analysis named the kind of data only. */
  readonly api: string | null;
  /** Only in a library that comes with the program. */
  readonly isBundled: boolean;
}

export interface Called {
  readonly accesses: number;
  readonly background: number;
}

export interface KnownProgram {
  readonly program: string;
  readonly developer: string;
  /** False: nothing declares anything for it. */
  readonly isDeclared: boolean;
  /** When it was last changed, microseconds since 1970; null when nobody says. */
  readonly changedUs: number | null;
  readonly purposes: readonly KnownPurpose[];
  /** Null: nobody looked. */
  readonly found: readonly FoundInCode[] | null;
  /** APIs that are declared by name; null where they do not have to be. */
  readonly requiredApis: ReadonlySet<string> | null;
  /** What is not listed is not declared. Otherwise only the kinds of data of APIs that are declared by name can be judged. */
  readonly isWhole: boolean;
  /** By category; null without results. */
  readonly called: ReadonlyMap<string, Called> | null;
}
