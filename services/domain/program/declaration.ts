/** What a program's developer declared, as the checks need it. */
import type { DeclaredScope, ScopePool } from './declared-scope.ts';

export interface DeclarationEntry {
  readonly category: string;
  /** Null: no limit on fields; empty: none allowed. */
  readonly fields: readonly string[] | null;
  readonly background: boolean;
  /** `Infinity`: no limit. */
  readonly maxBytesPerCall: number;
  readonly maxRowsPerCall: number;
}

export interface DeclaredPurpose {
  readonly id: string;
  readonly entries: readonly DeclarationEntry[];
}

export interface Declaration {
  readonly version: number;
  /** Empty when absent. */
  readonly developer: string;
  /** Null when absent: the class is then `unclassified`. */
  readonly className: string | null;
  readonly purposes: readonly DeclaredPurpose[];
  /** Lower case, empty entries left out. */
  readonly linkHosts: readonly string[];
}

/** Since when a category has been listed without a break. */
export interface Appearance {
  /** The version in which it appeared without having been in the one before. */
  readonly version: number;
  /** The time of that version's record, microseconds since 1970, for the baselines: what was declared lately is new for a good reason. */
  readonly sinceUs: number;
}

/** A declaration in force. There is one for each program, so it holds what sets programs apart. */
export interface DeclarationInForce extends Omit<Declaration, 'purposes'> {
  readonly scope: DeclaredScope;
  /** By {@link ListedCategory.place}. */
  readonly appearances: readonly Appearance[];
  /** The time of the program's first declaration. */
  readonly firstDeclaredUs: number;
}

/** Undefined: no purpose lists the category. */
export function appearanceOf({ scope, appearances }: DeclarationInForce, category: string): Appearance | undefined {
  const listed = scope.byCategory.get(category);
  return listed === undefined ? undefined : appearances[listed.place];
}

const NO_HOSTS: readonly string[] = [];

/**
 * Puts a declaration in force after `before` (the previously accepted one, whatever its number; null for the first).
 * `timeUs`: of its record, microseconds since 1970.
 * "First appeared": this version for a category that the one before did not list (exact-rules.md section 3).
 */
export function putInForce(
  { version, developer, className, linkHosts, purposes }: Declaration,
  before: DeclarationInForce | null,
  timeUs: number,
  scopes: ScopePool,
): DeclarationInForce {
  const scope = scopes.of(purposes);
  const now: Appearance = { version, sinceUs: timeUs };
  const appearances = Array.from(scope.byCategory.keys(), (category) => (before && appearanceOf(before, category)) ?? now);
  const firstDeclaredUs = before?.firstDeclaredUs ?? timeUs;
  return {
    version,
    developer,
    className,
    linkHosts: linkHosts.length === 0 ? NO_HOSTS : linkHosts,
    scope,
    appearances,
    firstDeclaredUs,
  };
}
