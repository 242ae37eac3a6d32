/** Check 5: a category that the policy calls restricted is open only to programs with an entitlement in force. */
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import { isoTime, type Subject } from './subject.ts';

const NOT_ENTITLED = reasonIndex('not_entitled');

export function checkEntitlement({ program, policy, category, eventTimeUs }: Subject, findings: Findings): void {
  if (!policy.restricted.has(category)) return;
  const untilUs = program.entitlements?.get(category);
  if (untilUs !== undefined && eventTimeUs < untilUs) return;
  findings.add(NOT_ENTITLED, untilUs === undefined ? { entitlement: null } : { entitlement: 'lapsed', until: isoTime(untilUs) }, {
    entitlement: category,
  });
}
