/** Judges one access: checks 1 to 9 against the state as it is at the access's place in the log. */
import { ACTIONS, CATEGORIES, type Note, UNCHECKED_CATEGORIES } from '../../../schemas/codes.ts';
import { CATALOGUE } from '../../../schemas/catalogue/index.ts';
import { runChecks } from '../checks/checks.ts';
import type { Subject } from '../checks/subject.ts';
import { askLimits, type LimitCircumstances, type LimitRefusal } from '../limits/ask-limits.ts';
import type { Access } from '../record/record.ts';
import type { ProgramState } from '../state/program-table.ts';
import { decide } from '../verdict/decide.ts';
import { evidenceJson } from '../verdict/evidence.ts';
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import { remedyFor } from '../verdict/remedy.ts';
import type { PartitionState } from './partition-state.ts';
import type { Tally } from './tally.ts';

const LISTED: ReadonlySet<string> = new Set(CATEGORIES);
const UNCHECKED: ReadonlySet<string> = new Set(UNCHECKED_CATEGORIES);
const RATE_LIMITED = reasonIndex('rate_limited');
const INTERCEPT = ACTIONS.indexOf('intercept');

/** A program without a declaration, and one whose declaration names no class. */
export const CLASS_WITHOUT_DECLARATION = 'undeclared';
export const CLASS_NOT_GIVEN = 'unclassified';

export interface Judgement {
  readonly subject: Subject;
  /** Shared by all accesses: read it before the next one is judged. */
  readonly findings: Findings;
  readonly refusal: LimitRefusal | null;
  readonly remedy: string;
  /** Empty when `proposed` is `allow`. */
  readonly evidence: string;
  readonly notes: readonly Note[];
}

export interface Circumstances extends LimitCircumstances {
  /** Event time, microseconds since 1970. */
  readonly eventTimeUs: number;
  readonly isSkewed: boolean;
  /** By `ntk ingest`: checks 1-8 only. */
  readonly isImported: boolean;
}

/** The access's own category when it names one, else the catalogue's; unlisted names are `unknown`. */
export function categoryOf(access: Access): string {
  const category = access.category === '' ? CATALOGUE.get(access.api) : access.category;
  return category !== undefined && LISTED.has(category) ? category : 'unknown';
}

export function classOf(program: ProgramState): string {
  // An empty class says as little as none.
  return program.declaration === null ? CLASS_WITHOUT_DECLARATION : program.declaration.className || CLASS_NOT_GIVEN;
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
  const category = categoryOf(access);
  const { eventTimeUs } = circumstances;
  const isPersonal = !UNCHECKED.has(category);
  const subject: Subject = { access, program, className: classOf(program), policy, category, isPersonal, eventTimeUs };

  findings.clear();
  runChecks(subject, findings);
  decide(findings, 0, subject);

  let refusal: LimitRefusal | null = null;
  let late = false;
  const limits = policy.limitsByCategory.get(category);
  if (findings.verdict < INTERCEPT && !circumstances.isImported && limits !== undefined) {
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

  const remedy = findings.count > 0 ? remedyFor(subject, findings, refusal) : '';
  const evidence = findings.proposed > 0 ? evidenceJson(findings, remedy) : '';
  return { subject, findings, refusal, remedy, evidence, notes: notesOf(circumstances, late) };
}

const NO_NOTES: readonly Note[] = [];

function notesOf({ isSkewed, isImported }: Circumstances, late: boolean): readonly Note[] {
  if (!isSkewed && !isImported && !late) return NO_NOTES;
  const notes: Note[] = [];
  if (isSkewed) notes.push('clock_skewed');
  if (isImported) notes.push('imported');
  if (late) notes.push('late_for_limit');
  return notes;
}
