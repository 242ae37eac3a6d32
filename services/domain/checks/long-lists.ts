/**
 * Names in the lists of a declaration, found at once where a list is long. Developers choose how long they are, a declaration has room for a
 * hundred thousand names, and looking through those for each access would take a core from everybody else. Short lists are looked through,
 * which is quicker. What is made of a long one is made once and goes with it.
 */
import type { DeclarationEntry } from '../program/declaration.ts';

/** Longer ones are long. */
export const SHORT_MAX = 16;

export interface FieldNames {
  /** Each once, in the order in which they stand. */
  readonly names: readonly string[];
  readonly set: ReadonlySet<string>;
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();
const fieldNames = new WeakMap<readonly DeclarationEntry[], FieldNames>();

export function holds(list: readonly string[], name: string): boolean {
  return list.length <= SHORT_MAX ? list.includes(name) : setOf(list).has(name);
}

/** What `list` holds; for long ones that are asked again. */
export function setOf(list: readonly string[]): ReadonlySet<string> {
  return madeOnce(sets, list, asSet);
}

const asSet = (list: readonly string[]): ReadonlySet<string> => new Set(list);

/** What is made of a declaration's part, kept as long as that is. */
export function madeOnce<Part extends object, Made>(made: WeakMap<Part, Made>, part: Part, make: (part: Part) => Made): Made {
  let found = made.get(part);
  if (found === undefined) made.set(part, (found = make(part)));
  return found;
}

/** A list that nobody asks again, each name once where it is long. */
export function withoutRepeats(list: readonly string[]): readonly string[] {
  return list.length <= SHORT_MAX ? list : [...new Set(list)];
}

/** Fields that any of the entries allows. */
export function fieldsOf(entries: readonly DeclarationEntry[]): FieldNames {
  const known = fieldNames.get(entries);
  if (known !== undefined) return known;
  const set = new Set(entries.flatMap(({ fields }) => fields ?? []));
  const found = { names: [...set], set };
  if (entries.length > SHORT_MAX || set.size > SHORT_MAX) fieldNames.set(entries, found);
  return found;
}
