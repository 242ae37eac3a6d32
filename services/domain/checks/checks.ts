/** Checks 1 to 8 in their order (contracts.md section 2). Check 9 is limits/, check 10 the baselines. */
import type { Findings } from '../verdict/findings.ts';
import { checkConsent } from './consent.ts';
import { checkDeclaredCategory, checkDeclaredProgram, checkMappedApi } from './declared.ts';
import { checkEntitlement } from './entitlement.ts';
import { checkLink } from './link.ts';
import { checkPurpose } from './purpose.ts';
import { checkScope } from './scope.ts';
import { checkStanding } from './standing.ts';
import type { Subject } from './subject.ts';

export function runChecks(subject: Subject, findings: Findings): void {
  checkStanding(subject, findings);
  checkDeclaredProgram(subject, findings);
  checkMappedApi(subject, findings);
  if (subject.isPersonal) {
    const { declaration } = subject.program;
    if (declaration !== null) {
      const isListed = checkDeclaredCategory(subject, findings);
      const entries = isListed ? checkPurpose(subject, declaration, findings) : [];
      checkEntitlement(subject, findings);
      if (isListed) checkScope(subject, entries, findings);
    }
    checkConsent(subject, findings);
  }
  checkLink(subject, findings);
}
