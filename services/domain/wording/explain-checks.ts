/**
 * Every check of one access in plain words: what it looked at, and what it found or why there was nothing to find.
 * Names are the developers' own; whoever prints them makes them safe for where they are printed.
 */
import { ACTIONS, MODES, REASONS } from '../../../schemas/codes.ts';
import type { Subject } from '../checks/subject.ts';
import { limitMatches } from '../limits/compiled-limit.ts';
import { consentFor } from '../state/consent-table.ts';
import { baselineEvidence } from '../verdict/evidence.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { saysWhatIsOnScreen } from './access.ts';
import { baselineFindingInWords, scoreInWords } from './baseline-finding.ts';
import { allowanceInWords, counted } from './counted.ts';
import { reasonInWords } from './reasons.ts';

export interface CheckExplanation {
  /** Number of the check in contracts.md section 2. */
  readonly check: number;
  readonly name: string;
  readonly status: 'found' | 'passed' | 'skipped';
  readonly text: string;
}

/** Numbers of the checks by the reasons they give. */
export const CHECK_OF_REASON: Readonly<Record<string, number>> = {
  program_banned: 1,
  program_suspended: 1,
  undeclared_program: 2,
  unmapped_api: 2,
  undeclared_category: 3,
  purpose_missing: 4,
  purpose_unknown: 4,
  purpose_mismatch: 4,
  not_entitled: 5,
  background_access: 6,
  excess_fields: 6,
  excess_volume: 6,
  consent_missing: 7,
  consent_withdrawn: 7,
  consent_default: 7,
  consent_stale: 7,
  external_link: 8,
  download_link: 8,
  reveals_friends: 8,
  rate_limited: 9,
  rate_above_baseline: 10,
  volume_above_baseline: 10,
  users_above_baseline: 10,
  category_new_for_program: 10,
  periodic_polling: 10,
};

/** In the order in which they run. */
export const CHECKS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
export const LIMITS = 9;
export const BASELINES = 10;

export const CHECK_NAMES = [
  '',
  'standing',
  'declaration',
  'category',
  'purpose',
  'entitlement',
  'scope',
  'consent',
  'link',
  'limits',
  'baselines',
];

/** Must be called while the judgement's findings are still there. @param source who reported the access */
export function explainChecks(judgement: Judgement, source: string): CheckExplanation[] {
  const found = new Map<number, string[]>();
  const { findings } = judgement;
  findings.reasons.forEach((reason, i) => {
    const code = REASONS[reason]!;
    const check = CHECK_OF_REASON[code] ?? BASELINES;
    const effect = ACTIONS[findings.effective[i]!]!;
    const action = ACTIONS[findings.actions[i]!]!;
    const lowered =
      effect === action ? '' : ` (the policy would ${action}, mode ${MODES[findings.modes[i]!]} makes it ${effect})`;
    const sentences = found.get(check) ?? [];
    sentences.push(`${code}: ${reasonInWords(code).sentence} ${foundText(judgement, check, i)}; ${effect}${lowered}`);
    found.set(check, sentences);
  });
  const baseline = baselineEvidence(judgement.baselines);
  if (baseline !== undefined) found.get(BASELINES)?.push(scoreInWords(baseline));
  return CHECKS.map((check) => {
    const name = CHECK_NAMES[check]!;
    const sentences = found.get(check);
    if (sentences !== undefined) return { check, name, status: 'found' as const, text: sentences.join('. ') };
    const skipped = whySkipped(check, judgement);
    if (skipped !== null) return { check, name, status: 'skipped' as const, text: skipped };
    return { check, name, status: 'passed' as const, text: passedText(check, judgement, source) };
  });
}

function foundText({ findings }: Judgement, check: number, i: number): string {
  const { observed, expected } = findings.compared[i]!;
  if (check === BASELINES) return baselineFindingInWords(observed, expected).trim().replace(/\.$/, '');
  return `It was ${inWords(observed)}, ordinary would be ${inWords(expected)}`;
}

/** `category location, purposes a / b`. */
export function inWords(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${inWordsValue(value)}`)
    .join(', ');
}

function inWordsValue(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(' / ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether checks 1-8 intercept: then neither limits nor baselines are asked. */
export function isStoppedBefore(findings: readonly { readonly reason: string; readonly effect: string }[]): boolean {
  return findings.some(({ reason, effect }) => effect === 'intercept' && (CHECK_OF_REASON[reason] ?? BASELINES) < LIMITS);
}

/** Why a check had nothing to look at, or null when it looked. */
function whySkipped(check: number, judgement: Judgement): string | null {
  const { subject } = judgement;
  const { declaration } = subject.program;
  if (check >= 3 && check <= 7 && !subject.isPersonal) return `category ${subject.category} is not personal data by itself`;
  if (check >= 3 && check <= 6 && declaration === null) return 'there is no declaration to compare with';
  const isListed = declaration?.scope.byCategory.has(subject.category) ?? false;
  if ((check === 4 || check === 6) && !isListed) return 'no purpose lists the category';
  if (check === 8 && subject.access.link === null) return 'the access is no link';
  return check < LIMITS ? null : whyNotAsked(check === LIMITS, judgement);
}

function whyNotAsked(isLimits: boolean, { subject, findings, notes }: Judgement): string | null {
  if (notes.includes('imported')) return `what was imported is not held against ${isLimits ? 'limits' : 'what is ordinary'}`;
  const effects = findings.reasons.map((reason, i) => ({ reason: REASONS[reason]!, effect: ACTIONS[findings.effective[i]!]! }));
  if (isStoppedBefore(effects)) return `what checks 1-8 intercept ${isLimits ? 'charges no limit' : 'is not learned from'}`;
  if (isLimits)
    return notes.includes('late_for_limit')
      ? 'more than five minutes behind later accesses: a limit that had seen those was not asked'
      : null;
  if (!subject.isPersonal) return `what is ordinary of category ${subject.category} is not looked at`;
  return subject.policy.baselineBudget === null ? 'the policy has baselines switched off' : null;
}

function passedText(check: number, judgement: Judgement, source: string): string {
  const { subject } = judgement;
  const { program, access, category } = subject;
  switch (check) {
    case 1:
      return `the program is ${program.standing?.state === 'under_review' ? 'under review, which stops nothing' : 'in good standing'}`;
    case 2:
      return `declaration version ${program.declaration?.version ?? 0} is in force`;
    case 3:
      return `the declaration lists ${category}`;
    case 4:
      return access.purpose === ''
        ? 'no purpose was named and the policy does not ask for one'
        : `purpose ${access.purpose} lists ${category}`;
    case 5:
      return subject.policy.restricted.has(category)
        ? `an entitlement to ${category} is in force`
        : `${category} is not restricted by the policy`;
    case 6:
      return scopeText(subject, source);
    case 7:
      return consentText(subject);
    case 8:
      return 'the link leads where the declaration allows and shows nothing of friends';
    case LIMITS:
      return limitsText(subject);
    default:
      return ordinaryText(judgement);
  }
}

/** A score that was too small to be kept is none; nor has one what came late or while little was known. */
function ordinaryText({ baselines }: Judgement): string {
  if (baselines === null)
    return 'nothing out of the ordinary, as far as the program is known here; what comes late is counted and not judged';
  return `nothing out of the ordinary: a score of ${baselines.score.toFixed(1)}, below what is an alarm`;
}

function scopeText({ access }: Subject, source: string): string {
  const where = access.foreground ? saidOnScreen(source) : 'in the background, which the declaration allows';
  return `${where}; ${counted(access.rows, 'row')} and ${counted(access.bytes, 'byte')} are within what the declaration allows`;
}

function saidOnScreen(source: string): string {
  return saysWhatIsOnScreen(source) ? 'on screen' : 'the report does not say whether on screen';
}

function consentText({ policy, category, program, access }: Subject): string {
  const isRequired = policy.consentRequired === null || policy.consentRequired.has(category);
  if (!isRequired) return `the policy does not ask for consent to ${category}`;
  const consent = consentFor(program, access.user, category);
  return `the user agreed to ${category} for declaration version ${consent?.version ?? 0}`;
}

function limitsText(subject: Subject): string {
  const { policy, categoryIndex } = subject;
  const asked = policy.limitsByCategory[categoryIndex]!.filter((limit) => limitMatches(limit, subject));
  if (asked.length === 0) return 'no limit of the policy matches';
  return `within ${asked.map((limit) => `${limit.name} (${allowanceInWords(limit)}${limit.shadow ? ', shadow' : ''})`).join(', ')}`;
}
