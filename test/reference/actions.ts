/** From findings to a verdict: actions, modes, cohorts (contracts.md section 2 and 3, exact-rules.md section 5). */
import { ACTIONS } from '../../schemas/codes.ts';
import type { Action, Mode, Reason } from '../../schemas/codes.ts';
import type { Override, PolicyDocument } from './policy-document.ts';

export interface Finding {
  readonly reason: Reason;
  /** What the policy proposes. */
  readonly action: Action;
  /** What is left of it under the mode. */
  readonly effective: Action;
}
/** Whose findings are weighed. */
export interface Offender {
  readonly program: string;
  readonly programClass: string;
  readonly category: string;
}

export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function isMatched(match: Override['match'], reason: Reason, offender: Offender): boolean {
  return (
    (match.reasons?.includes(reason) ?? true) &&
    (match.categories?.includes(offender.category) ?? true) &&
    (match.programs?.includes(offender.program) ?? true) &&
    (match.classes?.includes(offender.programClass) ?? true) &&
    (match.cohortPercent === undefined || fnv1a32(offender.program) % 10_000 < match.cohortPercent * 100)
  );
}

function modeOf(policy: PolicyDocument, reason: Reason, offender: Offender): Mode {
  const override = policy.modes?.overrides?.find(({ match }) => isMatched(match, reason, offender));
  return override?.mode ?? policy.modes?.default ?? 'observe';
}

const lower = (one: Action, other: Action): Action => (ACTIONS.indexOf(one) < ACTIONS.indexOf(other) ? one : other);

/** `own` is the action that a limit brings with it. */
export function weigh(policy: PolicyDocument, reason: Reason, offender: Offender, own?: Action): Finding {
  const listed = Object.hasOwn(policy.actions ?? {}, reason) ? policy.actions![reason] : undefined;
  const action = own ?? listed ?? 'flag';
  const mode = modeOf(policy, reason, offender);
  if (mode === 'enforce') return { reason, action, effective: action };
  return { reason, action, effective: mode === 'warn' ? lower(action, 'flag') : 'allow' };
}

/** The highest of the actions; `allow` when there is none. */
export const highest = (actions: readonly Action[]): Action =>
  ACTIONS[Math.max(0, ...actions.map((action) => ACTIONS.indexOf(action)))]!;
