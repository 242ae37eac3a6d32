/** What a program's developer declared, as the checks need it. */

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

/** A declaration in force, with what the checks look up by name. */
export interface DeclarationInForce extends Declaration {
  /** All entries of a category over all purposes; unlisted categories are left out, they never match. */
  readonly entriesByCategory: ReadonlyMap<string, readonly DeclarationEntry[]>;
  /** The same by purpose id, then category; repeated ids are one. */
  readonly entriesByPurpose: ReadonlyMap<string, ReadonlyMap<string, readonly DeclarationEntry[]>>;
  /** The version in which each listed category appeared without having been in the one before. */
  readonly firstAppeared: ReadonlyMap<string, number>;
  /** The time of that version's record, microseconds since 1970, for the baselines: what was declared lately is new for a good reason. */
  readonly listedSinceUs: ReadonlyMap<string, number>;
  /** The time of the program's first declaration. */
  readonly firstDeclaredUs: number;
}

/**
 * Puts a declaration in force after `before` (the previously accepted one, whatever its number; null for the first).
 * `timeUs`: of its record, microseconds since 1970.
 * "First appeared": this version for a category that the one before did not list (exact-rules.md section 3).
 */
export function putInForce(declaration: Declaration, before: DeclarationInForce | null, timeUs: number): DeclarationInForce {
  const entriesByCategory = new Map<string, DeclarationEntry[]>();
  const entriesByPurpose = new Map<string, Map<string, DeclarationEntry[]>>();
  for (const purpose of declaration.purposes) {
    const ofPurpose = entriesByPurpose.get(purpose.id) ?? new Map<string, DeclarationEntry[]>();
    entriesByPurpose.set(purpose.id, ofPurpose);
    for (const entry of purpose.entries) {
      addTo(entriesByCategory, entry);
      addTo(ofPurpose, entry);
    }
  }
  const firstAppeared = new Map<string, number>();
  const listedSinceUs = new Map<string, number>();
  for (const category of entriesByCategory.keys()) {
    firstAppeared.set(category, before?.firstAppeared.get(category) ?? declaration.version);
    listedSinceUs.set(category, before?.listedSinceUs.get(category) ?? timeUs);
  }
  const firstDeclaredUs = before?.firstDeclaredUs ?? timeUs;
  return { ...declaration, entriesByCategory, entriesByPurpose, firstAppeared, listedSinceUs, firstDeclaredUs };
}

function addTo(entries: Map<string, DeclarationEntry[]>, entry: DeclarationEntry): void {
  const ofCategory = entries.get(entry.category);
  if (ofCategory === undefined) entries.set(entry.category, [entry]);
  else ofCategory.push(entry);
}
