/** Check 7: for categories that the policy asks consent for, did this user agree, and to this? */
import { appearanceOf } from '../program/declaration.ts';
import { consentFor } from '../state/consent-table.ts';
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import type { Subject } from './subject.ts';

const MISSING = reasonIndex('consent_missing');
const WITHDRAWN = reasonIndex('consent_withdrawn');
const DEFAULT = reasonIndex('consent_default');
const STALE = reasonIndex('consent_stale');

export function checkConsent({ access, program, policy, category }: Subject, findings: Findings): void {
  if (policy.consentRequired !== null && !policy.consentRequired.has(category)) return;
  const consent = consentFor(program, access.user, category);
  if (consent === null) {
    findings.add(MISSING, { consent: null }, { consent: 'granted', category });
    return;
  }
  if (!consent.granted) {
    findings.add(WITHDRAWN, { consent: 'withdrawn' }, { consent: 'granted', category });
    return;
  }
  if (consent.byDefault) findings.add(DEFAULT, { basis: 'default' }, { basis: 'explicit' });
  const firstAppeared = program.declaration === null ? undefined : appearanceOf(program.declaration, category)?.version;
  if (firstAppeared !== undefined && consent.version < firstAppeared) {
    findings.add(STALE, { consentForVersion: consent.version }, { atLeastVersion: firstAppeared });
  }
}
