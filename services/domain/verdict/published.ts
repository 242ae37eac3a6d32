/** The verdict as hosts read it on `ntk.verdicts.v1` (contracts.md section 4). */
import { ACTIONS, REASONS } from '../../../schemas/codes.ts';
import type { Subject } from '../checks/subject.ts';
import type { LimitRefusal } from '../limits/ask-limits.ts';
import type { Attributes } from '../record/record.ts';
import type { Findings } from './findings.ts';

const NEEDS_ANSWER = 'pending';

/** Verdicts above `allow`, and every verdict that a host waits for. */
export function isPublished(subject: Subject, findings: Findings): boolean {
  return findings.verdict > 0 || subject.access.outcome === NEEDS_ANSWER;
}

export interface PublishedParts {
  readonly attributes: Attributes;
  readonly subject: Subject;
  readonly findings: Findings;
  readonly refusal: LimitRefusal | null;
  readonly remedy: string;
  readonly decidedAt: string;
}

/** JSON; only reasons whose action in effect is above `allow`, and what belongs to them: an observed limit makes no host wait. */
export function publishedVerdict({ attributes, subject, findings, refusal, remedy, decidedAt }: PublishedParts): string {
  const reasons = findings.reasons.filter((_, i) => findings.effective[i]! > 0).map((reason) => REASONS[reason]!);
  return JSON.stringify({
    eventId: attributes.id,
    source: attributes.source,
    program: attributes.subject,
    user: subject.access.user,
    category: subject.category,
    verdict: ACTIONS[findings.verdict],
    reasons,
    remedy: findings.verdict > 0 ? remedy : '',
    // Undefined is left out.
    retryAfterMs: reasons.includes('rate_limited') ? refusal?.retryAfterMs : undefined,
    decidedAt,
    policyHash: subject.policy.hash,
  });
}
