/** What is known of one program's declaration, whichever of the platform's files it was read from. */
import type { OddCode } from '../odd-things.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Notes what is strange about the line at hand. */
export type NoteOdd = (code: OddCode, example?: string) => void;

export interface ManifestEntry {
  readonly category: string;
  readonly background: boolean;
}

export interface ManifestPurpose {
  /** The `privacy_key`, the scope, or the API that stands in the file. */
  readonly id: string;
  readonly text: string;
  readonly entries: readonly ManifestEntry[];
}

/** A call in the program's code that static analysis found. */
export interface FoundCall {
  /** As the catalogue spells it. */
  readonly api: string;
  readonly category: string;
  /** Only in a library that comes with the program. */
  readonly isBundled: boolean;
}

export interface Manifest {
  readonly program: string;
  readonly developer: string | null;
  readonly name: string | null;
  readonly className: string | null;
  readonly version: number;
  /** RFC 3339. */
  readonly time: string;
  /** Microseconds since 1970; null when the file says no time. */
  readonly timeUs: number | null;
  readonly purposes: readonly ManifestPurpose[];
  /** Kinds of data in the uploaded code, categories of ours; null when nobody looked. */
  readonly detected: readonly string[] | null;
  readonly calls: readonly FoundCall[];
  /** `requiredPrivateInfos` as the catalogue spells them; null without an app.json. */
  readonly requiredApis: ReadonlySet<string> | null;
  /** The declared manifest itself is there, so that what it does not list is not declared. */
  readonly isWhole: boolean;
}

/** Longest name or id, in UTF-16 units; longer ones are no manifest. */
const TEXT_UNITS_MAX = 1024;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_UNITS_MAX ? value : null;
}
