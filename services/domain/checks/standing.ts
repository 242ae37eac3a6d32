/** Check 1: what reviewers decided about the program, until it lapses. */
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import { isoTime, type Subject } from './subject.ts';

const BANNED = reasonIndex('program_banned');
const SUSPENDED = reasonIndex('program_suspended');

export function checkStanding({ program, eventTimeUs }: Subject, findings: Findings): void {
  const { standing } = program;
  if (standing === null || eventTimeUs >= standing.untilUs) return;
  if (standing.state !== 'banned' && standing.state !== 'suspended') return;
  const reason = standing.state === 'banned' ? BANNED : SUSPENDED;
  findings.add(reason, { standing: standing.state, until: isoTime(standing.untilUs) }, { standing: 'active' });
}
