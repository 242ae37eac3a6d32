/** One program's kinds of data, declared against found and called. */
import { CATALOGUE, WECHAT_REQUIRED_PRIVATE_INFOS, WECHAT_SAMPLE_PURPOSES } from '../../../schemas/catalogue/index.ts';
import { CATEGORIES, CATEGORY_INDEX } from '../../../schemas/codes.ts';
import type { DriftFinding, DriftProgram, DriftUse } from '../../../schemas/report/drift.ts';
import { isPersonal } from '../checks/judged-category.ts';
import type { KnownPurpose, FoundInCode, KnownProgram } from './known-program.ts';

/** The kinds of data that a program has to declare by API. */
const NAMED_CATEGORIES: ReadonlySet<string> = new Set([...WECHAT_REQUIRED_PRIVATE_INFOS].map((api) => CATALOGUE.get(api)!));

export function isSamplePurpose(text: string): boolean {
  return WECHAT_SAMPLE_PURPOSES.some((sample) => text.includes(sample));
}

/** APIs in the program's own code that have to be declared by name, and those of them that are not. Sorted. */
export function requiredApisOf({ found, requiredApis }: KnownProgram): {
  readonly called: string[];
  readonly undeclared: string[];
} {
  if (requiredApis === null) return { called: [], undeclared: [] };
  const own = (found ?? []).flatMap(({ api, isBundled }) => (api === null || isBundled ? [] : [api]));
  const called = [...new Set(own)].filter((api) => WECHAT_REQUIRED_PRIVATE_INFOS.has(api)).sort();
  return { called, undeclared: called.filter((api) => !requiredApis.has(api)) };
}

export function driftOf(known: KnownProgram): DriftProgram {
  const categories = new Set([
    ...known.purposes.flatMap(declaredBy),
    ...(known.found ?? []).map(({ category }) => category),
    ...(known.called?.keys() ?? []),
  ]);
  const uses = usesOf(known, [...categories].filter(isPersonal)).sort(
    (a, b) => placeOf(a.category) - placeOf(b.category) || compare(a.category, b.category),
  );
  return { program: known.program, developer: known.developer, isDeclared: known.isDeclared, uses };
}

/** A precise place includes the coarse one: a purpose that lists both need not use both. */
function declaredBy({ categories }: KnownPurpose): readonly string[] {
  return categories.includes('location') ? categories.filter((category) => category !== 'location_coarse') : categories;
}

/** What a program says is sorted once: a developer may name fifty thousand kinds of data, and each would be looked for in all of it. */
function usesOf(known: KnownProgram, categories: readonly string[]): DriftUse[] {
  const found = known.found === null ? null : Map.groupBy(known.found, ({ category }) => category);
  const listings = new Map<string, KnownPurpose[]>();
  for (const purpose of known.purposes)
    for (const category of new Set(purpose.categories)) {
      const listing = listings.get(category);
      if (listing === undefined) listings.set(category, [purpose]);
      else listing.push(purpose);
    }
  const { undeclared } = requiredApisOf(known);
  return categories.map((category) =>
    useOf(known, category, {
      listing: listings.get(category) ?? [],
      found: found === null ? null : (found.get(category) ?? []),
      undeclared,
    }),
  );
}

/** What a program says of one kind of data, and its APIs that are not declared by name. */
interface SaidOf {
  readonly listing: readonly KnownPurpose[];
  readonly found: readonly FoundInCode[] | null;
  readonly undeclared: readonly string[];
}

function useOf(known: KnownProgram, category: string, { listing, found, undeclared }: SaidOf): DriftUse {
  const called = known.called === null ? null : (known.called.get(category) ?? { accesses: 0, background: 0 });
  const apis = [...new Set((found ?? []).flatMap(({ api }) => api ?? []))].sort();
  const undeclaredApis = undeclared.filter((api) => apis.includes(api));
  const isDeclared = listing.length > 0;
  const isCalled = (called?.accesses ?? 0) > 0;
  return {
    category,
    finding: findingOf({
      isDeclared,
      isCalled,
      isInCode: found !== null && found.length > 0,
      isInOwnCode: found?.some(({ isBundled }) => !isBundled) ?? false,
      isJudged: known.isWhole || NAMED_CATEGORIES.has(category),
      isWatched: called !== null || found !== null,
      hasResults: called !== null,
      lacksApi: undeclaredApis.length > 0,
    }),
    isDeclared,
    isDetected: found === null ? null : found.length > 0,
    accesses: called?.accesses ?? null,
    background: called?.background ?? null,
    apis,
    undeclaredApis,
    purposes: listing.map(({ id, text }) => ({ id, text, isSample: isSamplePurpose(text) })),
  };
}

interface Evidence {
  readonly isDeclared: boolean;
  readonly isCalled: boolean;
  readonly isInCode: boolean;
  readonly isInOwnCode: boolean;
  /** What is not declared is known not to be. */
  readonly isJudged: boolean;
  /** Somebody looked at the code or at the calls. */
  readonly isWatched: boolean;
  readonly hasResults: boolean;
  readonly lacksApi: boolean;
}

function findingOf(of: Evidence): DriftFinding {
  if (!of.isDeclared) {
    // A call that took place is one, wherever in the program it came from.
    if (of.isJudged && (of.isCalled || of.isInOwnCode)) return 'undeclared';
    return 'unjudged';
  }
  if (of.lacksApi) return 'undeclared_api';
  const isUsed = of.hasResults ? of.isCalled : of.isInCode;
  return of.isWatched && !isUsed ? 'unused' : 'none';
}

/** Kinds of data that we do not have stand last. */
function placeOf(category: string): number {
  return CATEGORY_INDEX.get(category) ?? CATEGORIES.length;
}

/** In the order of UTF-8 bytes, as reports order names. */
export function compare(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
