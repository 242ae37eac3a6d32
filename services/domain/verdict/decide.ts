/** From findings to a verdict (contracts.md section 2): each finding's action, and what its mode leaves of it. */
import type { Subject } from '../checks/subject.ts';
import { actionInEffect, modeOf } from '../policy/compiled.ts';
import type { Findings } from './findings.ts';

/**
 * Gives every finding from `from` on its action and effect, and raises `proposed` and `verdict` accordingly.
 * `ownAction` replaces the policy's action (a limit may carry its own); null otherwise.
 */
export function decide(findings: Findings, from: number, subject: Subject, ownAction: number | null = null): void {
  const { policy } = subject;
  for (let i = from; i < findings.count; i++) {
    const reason = findings.reasons[i]!;
    const action = ownAction ?? policy.actions[reason]!;
    const mode = modeOf(policy, reason, subject);
    const effect = actionInEffect(action, mode);
    findings.actions.push(action);
    findings.modes.push(mode);
    findings.effective.push(effect);
    if (action > findings.proposed) findings.proposed = action;
    if (effect > findings.verdict) findings.verdict = effect;
  }
}
