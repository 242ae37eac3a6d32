/** Check 4: does the access say what it is for, and is that a purpose that lists the category? */
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import type { DeclarationEntry, DeclarationInForce, DeclaredPurpose } from '../program/declaration.ts';
import type { DeclaredScope } from '../program/declared-scope.ts';
import { madeOnce, SHORT_MAX } from './long-lists.ts';
import type { Subject } from './subject.ts';

const MISSING = reasonIndex('purpose_missing');
const UNKNOWN = reasonIndex('purpose_unknown');
const MISMATCH = reasonIndex('purpose_mismatch');

/**
 * Answers the entries of the declaration that check 6 looks at: the named purpose's for the category when nothing is found
 * here, otherwise every entry that lists the category. Repeated purpose ids all count.
 */
export function checkPurpose(
  { access, policy, category }: Subject,
  { scope }: DeclarationInForce,
  findings: Findings,
): readonly DeclarationEntry[] {
  if (access.purpose === '') {
    if (policy.purposesRequired) findings.add(MISSING, { purpose: null }, { purposes: purposesListing(scope, category) });
    return scope.byCategory.get(category)?.entries ?? [];
  }
  const ofPurpose = scope.entriesByPurpose.get(access.purpose);
  const named = ofPurpose?.get(category);
  if (named !== undefined) return named;
  const known = ofPurpose !== undefined;
  findings.add(
    known ? MISMATCH : UNKNOWN,
    { purpose: access.purpose, category },
    { purposes: purposesListing(scope, known ? category : null) },
  );
  return scope.byCategory.get(category)?.entries ?? [];
}

const listings = new WeakMap<DeclaredScope, Map<string | null, readonly string[]>>();

/** Ids of purposes that list a category; null: of all. */
function purposesListing(scope: DeclaredScope, category: string | null): readonly string[] {
  if (scope.purposes.length <= SHORT_MAX) return listingOf(scope, category);
  const listing = madeOnce(listings, scope, () => new Map<string | null, readonly string[]>());
  let ids = listing.get(category);
  if (ids === undefined) listing.set(category, (ids = listingOf(scope, category)));
  return ids;
}

function listingOf({ purposes }: DeclaredScope, category: string | null): readonly string[] {
  const lists = ({ entries }: DeclaredPurpose): boolean =>
    category === null || entries.some((entry) => entry.category === category);
  return purposes.filter(lists).map(({ id }) => id);
}
