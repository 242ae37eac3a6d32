/** Judges one access: checks 1 to 10 against the state as it is at the access's place in the log. */
import { ACTIONS, type Note } from '../../../schemas/codes.ts';
import type { Baselines } from '../baselines/baselines.ts';
import { comparedBy, toldFeatures } from '../baselines/explain.ts';
import { FEATURES, REASON_OF_FEATURE } from '../baselines/features.ts';
import { runChecks } from '../checks/checks.ts';
import { judgedCategory } from '../checks/judged-category.ts';
import type { Subject } from '../checks/subject.ts';
import { askLimits, type LimitCircumstances, type LimitRefusal } from '../limits/ask-limits.ts';
import type { Access } from '../record/record.ts';
import { classOf } from '../program/class-of.ts';
import type { ProgramState } from '../state/program-table.ts';
import type { UserWords } from '../state/user-hash.ts';
import { decide } from '../verdict/decide.ts';
import { evidenceJson } from '../verdict/evidence.ts';
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { remedyFor } from '../verdict/remedy.ts';
import type { PartitionState } from './partition-state.ts';
import type { Tally } from './tally.ts';

const RATE_LIMITED = reasonIndex('rate_limited');
const INTERCEPT = ACTIONS.indexOf('intercept');

export interface Circumstances extends LimitCircumstances {
  /** Event time, microseconds since 1970. */
  readonly eventTimeUs: number;
  readonly isSkewed: boolean;
  /** By `ntk ingest`: checks 1-8 only. */
  readonly isImported: boolean;
}

export function judge(
  access: Access,
  program: ProgramState,
  state: PartitionState,
  circumstances: Circumstances,
  findings: Findings,
  tally: Tally,
): Judgement {
  const { policy } = state;
  const { name: category, index: categoryIndex, isPersonal } = judgedCategory(access);
  const { eventTimeUs } = circumstances;
  const className = classOf(program);
  const subject: Subject = { access, program, className, policy, category, categoryIndex, isPersonal, eventTimeUs };

  findings.clear();
  runChecks(subject, findings);
  decide(findings, 0, subject);

  let refusal: LimitRefusal | null = null;
  let late = false;
  const limits = policy.limitsByCategory[categoryIndex]!;
  const isAsked = findings.verdict < INTERCEPT && !circumstances.isImported;
  if (isAsked && limits.length > 0) {
    const answer = askLimits(limits, subject, circumstances, state.limits, tally);
    ({ refusal, late } = answer);
    if (refusal !== null) {
      const { limit } = refusal;
      findings.add(
        RATE_LIMITED,
        { limit: limit.name, aheadMs: Math.ceil(refusal.aheadUs / 1000), retryAfterMs: refusal.retryAfterMs },
        { count: limit.count, per: limit.per, burst: limit.burst, cost: limit.cost },
      );
      decide(findings, findings.count - 1, subject, limit.action);
    }
  }

  const baselines =
    isAsked && policy.baselineBudget !== null ? askBaselines(subject, circumstances.userWords, state, findings, tally) : null;
  const remedy = findings.count > 0 ? remedyFor(subject, findings, refusal) : '';
  const evidence = findings.proposed > 0 || baselines?.isAlarm === true ? evidenceJson(findings, remedy, baselines) : '';
  return { subject, findings, refusal, remedy, evidence, notes: notesOf(circumstances, late), baselines };
}

/** Check 10: every access that reaches check 9 is seen; an alarm is a finding for each reason that it has. */
function askBaselines(
  subject: Subject,
  userWords: UserWords,
  state: PartitionState,
  findings: Findings,
  tally: Tally,
): Baselines | null {
  const baselines = state.baselines.see(subject, userWords, subject.policy.baselineBudget!);
  if (baselines.isLate) tally.lateForBaseline++;
  if (baselines.score < SCORE_SHOWN_MIN) return null;
  if (!baselines.isAlarm) return baselines;
  const from = findings.count;
  const told = toldFeatures(baselines).map((feature) => [reasonIndex(REASON_OF_FEATURE[FEATURES[feature]!]), feature] as const);
  for (const [reason, feature] of told.toSorted((a, b) => a[0] - b[0])) {
    const { observed, expected } = comparedBy(baselines, feature, subject.program.baselineSlot);
    findings.add(reason, { category: subject.category, ...observed }, expected);
  }
  decide(findings, from, subject);
  if (baselines.opensEpisode) tally.episodes[reasonIndex(REASON_OF_FEATURE[FEATURES[baselines.largest]!])]!++;
  return baselines;
}

/** Below one e-fold a score is not worth the bytes. */
const SCORE_SHOWN_MIN = 1;

const NO_NOTES: readonly Note[] = [];

function notesOf({ isSkewed, isImported }: Circumstances, late: boolean): readonly Note[] {
  if (!isSkewed && !isImported && !late) return NO_NOTES;
  const notes: Note[] = [];
  if (isSkewed) notes.push('clock_skewed');
  if (isImported) notes.push('imported');
  if (late) notes.push('late_for_limit');
  return notes;
}
