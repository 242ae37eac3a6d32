/** Checks 1 to 8 of one access (contracts.md section 2, exact-rules.md section 4). */
import { UNCHECKED_CATEGORIES } from '../../schemas/codes.ts';
import type { Category, Reason } from '../../schemas/codes.ts';
import type { AccessData, DeclarationData, DeclaredCategory, EntitlementData, StandingData } from './data-shapes.ts';
import { instantOf } from './instants.ts';
import type { PolicyDocument } from './policy-document.ts';

export interface Consent {
  /** Grows with every consent fact; the latest decides between a category's own and `*`. */
  readonly order: number;
  readonly state: 'granted' | 'withdrawn';
  readonly basis: 'explicit' | 'default';
  readonly declarationVersion: number;
}
/** What the log has said about one program so far. */
export interface ProgramFacts {
  standing?: StandingData;
  declaration?: DeclarationData;
  /** Category to the declaration version in which it first appeared. */
  readonly firstAppeared: Map<string, number>;
  readonly entitlements: Map<string, EntitlementData>;
  /** User, then category or `*`. */
  readonly consents: Map<string, Map<string, Consent>>;
}
export interface AccessInPlace {
  readonly data: AccessData;
  readonly category: Category;
  readonly micros: bigint;
}

const isInForce = (fact: { readonly until?: string } | undefined, micros: bigint): boolean =>
  fact !== undefined && (fact.until === undefined || micros < instantOf(fact.until)!);

const entriesOf = (declaration: DeclarationData | undefined, category: string, purpose?: string): DeclaredCategory[] =>
  (declaration?.purposes ?? [])
    .filter((each) => purpose === undefined || each.id === purpose)
    .flatMap((each) => each.categories)
    .filter((entry) => entry.category === category);

function standingFindings(facts: ProgramFacts, micros: bigint): Reason[] {
  if (!isInForce(facts.standing, micros)) return [];
  if (facts.standing!.state === 'banned') return ['program_banned'];
  return facts.standing!.state === 'suspended' ? ['program_suspended'] : [];
}

function purposeFindings(access: AccessInPlace, declaration: DeclarationData, policy: PolicyDocument): Reason[] {
  const purpose = access.data.purpose ?? '';
  if (purpose === '') return policy.purposes === 'required' ? ['purpose_missing'] : [];
  if (!declaration.purposes.some((each) => each.id === purpose)) return ['purpose_unknown'];
  return entriesOf(declaration, access.category, purpose).length === 0 ? ['purpose_mismatch'] : [];
}

function excessFindings(data: AccessData, entries: readonly DeclaredCategory[]): Reason[] {
  const { foreground = true, fields = [], rows = 1, bytes = 0 } = data;
  const found: Reason[] = [];
  if (!foreground && entries.every((entry) => entry.background !== true)) found.push('background_access');
  if (entries.every((entry) => entry.fields !== undefined && fields.some((field) => !entry.fields!.includes(field)))) {
    found.push('excess_fields');
  }
  const isTooMuch = (entry: DeclaredCategory): boolean =>
    bytes > (entry.maxBytesPerCall ?? Infinity) || rows > (entry.maxRowsPerCall ?? Infinity);
  if (entries.every(isTooMuch)) found.push('excess_volume');
  return found;
}

function declarationFindings(access: AccessInPlace, facts: ProgramFacts, policy: PolicyDocument): Reason[] {
  const { declaration } = facts;
  if (declaration === undefined) return [];
  const found: Reason[] = [];
  const all = entriesOf(declaration, access.category);
  const isListed = all.length > 0;
  const purposeFound = isListed ? purposeFindings(access, declaration, policy) : [];
  if (!isListed) found.push('undeclared_category');
  found.push(...purposeFound);
  const entitlement = facts.entitlements.get(access.category);
  const isEntitled = entitlement?.granted === true && isInForce(entitlement, access.micros);
  if ((policy.restricted ?? []).includes(access.category) && !isEntitled) found.push('not_entitled');
  if (isListed) {
    const purpose = access.data.purpose ?? '';
    const looksAtPurpose = purposeFound.length === 0 && purpose !== '';
    found.push(...excessFindings(access.data, looksAtPurpose ? entriesOf(declaration, access.category, purpose) : all));
  }
  return found;
}

function consentFindings(access: AccessInPlace, facts: ProgramFacts, policy: PolicyDocument): Reason[] {
  const required = policy.consent?.required ?? [];
  const needsConsent = required === '*' || required.includes('*') || required.includes(access.category);
  if (!needsConsent) return [];
  const ofUser = facts.consents.get(access.data.user);
  const [byName, byStar] = [ofUser?.get(access.category), ofUser?.get('*')];
  const consent = (byName?.order ?? -1) > (byStar?.order ?? -1) ? byName : byStar;
  if (consent === undefined) return ['consent_missing'];
  if (consent.state === 'withdrawn') return ['consent_withdrawn'];
  const found: Reason[] = [];
  if (consent.basis === 'default') found.push('consent_default');
  const first = facts.firstAppeared.get(access.category);
  if (first !== undefined && consent.declarationVersion < first) found.push('consent_stale');
  return found;
}

function linkFindings(access: AccessInPlace, facts: ProgramFacts): Reason[] {
  const { link } = access.data;
  if (link === undefined) return [];
  const found: Reason[] = [];
  if (link.kind === 'external') {
    const host = (link.host ?? '').toLowerCase();
    const known = (facts.declaration?.linkHosts ?? []).map((each) => each.toLowerCase()).filter((each) => each !== '');
    if (!known.some((each) => host === each || host.endsWith(`.${each}`))) found.push('external_link');
  }
  if (link.kind === 'download') found.push('download_link');
  if ((link.reveals ?? []).includes('friends')) found.push('reveals_friends');
  return found;
}

/** All findings of checks 1 to 8, in their order. */
export function findingsOf(access: AccessInPlace, facts: ProgramFacts, policy: PolicyDocument): Reason[] {
  const isChecked = !(UNCHECKED_CATEGORIES as readonly string[]).includes(access.category);
  return [
    ...standingFindings(facts, access.micros),
    ...(facts.declaration === undefined ? (['undeclared_program'] as const) : []),
    ...(access.category === 'unknown' ? (['unmapped_api'] as const) : []),
    ...(isChecked ? declarationFindings(access, facts, policy) : []),
    ...(isChecked ? consentFindings(access, facts, policy) : []),
    ...linkFindings(access, facts),
  ];
}
