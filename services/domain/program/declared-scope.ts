/**
 * What the purposes of a declaration allow, with what the checks look up by name. Few programs of a platform differ in it from all others, and most
 * entries say no more than a category: what is equal is one object, so that a hundred thousand programs cost what sets them apart.
 */
import type { DeclarationEntry, DeclaredPurpose } from './declaration.ts';

/** A category that some purpose lists. */
export interface ListedCategory {
  /** Its place among the listed categories, in the order of their first mention. */
  readonly place: number;
  /** All of its entries over all purposes. */
  readonly entries: readonly DeclarationEntry[];
}

export interface DeclaredScope {
  readonly purposes: readonly DeclaredPurpose[];
  /** Unlisted categories are left out, they never match. */
  readonly byCategory: ReadonlyMap<string, ListedCategory>;
  /** Entries by purpose id, then category; repeated ids are one. */
  readonly entriesByPurpose: ReadonlyMap<string, ReadonlyMap<string, readonly DeclarationEntry[]>>;
}

/** So many are remembered, of so many characters each; then it begins anew, and what is in use stays as it is. */
const POOLED_MAX = 4096;
const POOLED_CHARS_MAX = 2048;

/** Finds what is equal. Names and contents come from developers, so it holds some megabytes at most, whatever they declare. */
export class ScopePool {
  readonly #scopes = new Map<string, DeclaredScope>();
  /** Each as a list of its own: most categories have one entry. */
  readonly #alones = new Map<string, readonly [DeclarationEntry]>();

  of(purposes: readonly DeclaredPurpose[]): DeclaredScope {
    return pooled(this.#scopes, purposes, () => this.#scopeOf(purposes));
  }

  #scopeOf(purposes: readonly DeclaredPurpose[]): DeclaredScope {
    const own = purposes.map(({ id, entries }) => ({ id, entries: entries.map((entry) => this.#alone(entry)[0]) }));
    const lists = this.#byCategory(own.flatMap(({ entries }) => entries));
    const byCategory = new Map([...lists].map(([category, entries], place) => [category, { place, entries }]));
    const entriesByPurpose = new Map(
      [...Map.groupBy(own, ({ id }) => id)].map(([id, same]) => [id, this.#byCategory(same.flatMap(({ entries }) => entries))]),
    );
    return { purposes: own, byCategory, entriesByPurpose };
  }

  #byCategory(entries: readonly DeclarationEntry[]): Map<string, readonly DeclarationEntry[]> {
    const groups: Map<string, readonly DeclarationEntry[]> = Map.groupBy(entries, ({ category }) => category);
    for (const [category, [first, second]] of groups) if (second === undefined) groups.set(category, this.#alone(first!));
    return groups;
  }

  /** The entry as a list of its own. */
  #alone(entry: DeclarationEntry): readonly [DeclarationEntry] {
    return pooled(this.#alones, entry, () => [entry]);
  }
}

/** No limit is `Infinity`, which is null in JSON; nothing else is. */
function pooled<Value>(pool: Map<string, Value>, content: object, make: () => Value): Value {
  const key = JSON.stringify(content);
  if (key.length > POOLED_CHARS_MAX) return make();
  let value = pool.get(key);
  if (value === undefined) {
    if (pool.size >= POOLED_MAX) pool.clear();
    pool.set(key, (value = make()));
  }
  return value;
}
