/** By which category an access is judged. */
import { CATALOGUE } from '../../../schemas/catalogue/index.ts';
import { CATEGORIES, type Category, UNCHECKED_CATEGORIES } from '../../../schemas/codes.ts';
import type { Access } from '../record/record.ts';

export interface JudgedCategory {
  readonly name: Category;
  /** In CATEGORIES. */
  readonly index: number;
  /** False for those that checks 3-7 skip. */
  readonly isPersonal: boolean;
}

const UNCHECKED: ReadonlySet<Category> = new Set(UNCHECKED_CATEGORIES);
const ALL = CATEGORIES.map((name, index): JudgedCategory => ({ name, index, isPersonal: !UNCHECKED.has(name) }));
const BY_NAME: ReadonlyMap<string, JudgedCategory> = new Map(ALL.map((category) => [category.name, category]));
const BY_API: ReadonlyMap<string, JudgedCategory> = new Map([...CATALOGUE].map(([api, name]) => [api, BY_NAME.get(name)!]));
const UNKNOWN = BY_NAME.get('unknown')!;

/** The access's own category when it names one, else the catalogue's; unlisted names are `unknown`. */
export function judgedCategory({ api, category }: Pick<Access, 'api' | 'category'>): JudgedCategory {
  return (category === '' ? BY_API.get(api) : BY_NAME.get(category)) ?? UNKNOWN;
}
