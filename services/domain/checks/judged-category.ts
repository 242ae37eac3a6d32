/** By which category an access is judged. */
import { CATALOGUE } from '../../../schemas/catalogue/index.ts';
import { CATEGORIES, type Category, UNCHECKED_CATEGORIES } from '../../../schemas/codes.ts';
import type { Access } from '../record/record.ts';

export interface JudgedCategory {
  readonly name: Category;
  /** In CATEGORIES. */
  readonly index: number;
  /** See {@link isPersonal}. */
  readonly isPersonal: boolean;
}

const UNCHECKED: ReadonlySet<string> = new Set(UNCHECKED_CATEGORIES);
const ALL = CATEGORIES.map((name, index): JudgedCategory => ({ name, index, isPersonal: isPersonal(name) }));
const BY_NAME: ReadonlyMap<string, JudgedCategory> = new Map(ALL.map((category) => [category.name, category]));
const BY_API: ReadonlyMap<string, JudgedCategory> = new Map([...CATALOGUE].map(([api, name]) => [api, BY_NAME.get(name)!]));
const UNKNOWN = BY_NAME.get('unknown')!;

/** The access's own category when it names one, else the catalogue's; unlisted names are `unknown`. */
export function judgedCategory({ api, category }: Pick<Access, 'api' | 'category'>): JudgedCategory {
  return (category === '' ? BY_API.get(api) : BY_NAME.get(category)) ?? UNKNOWN;
}

/** False for `unknown`, `navigation` and `network`, for which checks 3-7 are skipped; true for names of another release. */
export function isPersonal(category: string): boolean {
  return !UNCHECKED.has(category);
}
