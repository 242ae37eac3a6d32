/**
 * Every check of one stored access in plain words, from its row alone: nothing is folded again, so it costs one row to read. What
 * `explainChecks` knows beyond it (which entitlement, which consent) takes the state of that place in the log.
 */
import { printable } from '../../../schemas/policy/wording.ts';
import { isPersonal } from '../checks/judged-category.ts';
import type { Evidence, EvidenceFinding } from '../verdict/evidence.ts';
import { baselineFindingInWords, scoreInWords } from './baseline-finding.ts';
import { categoryInWords } from './categories.ts';
import {
  BASELINES,
  CHECK_NAMES,
  CHECK_OF_REASON,
  type CheckExplanation,
  CHECKS,
  inWords,
  isStoppedBefore,
  LIMITS,
} from './explain-checks.ts';
import { reasonInWords } from './reasons.ts';
import { saysWhatIsOnScreen } from './access.ts';
import { counted } from './counted.ts';

export interface StoredRow {
  readonly source: string;
  readonly category: string;
  readonly purpose: string;
  readonly foreground: boolean;
  readonly rows: string;
  readonly bytes: string;
  readonly link_kind: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** Parallel: each one's action in effect. */
  readonly effective: readonly string[];
  readonly limit: string;
  readonly retry_after_ms: string;
  /** JSON of {@link Evidence}; empty where nothing was found. */
  readonly evidence: string;
  readonly declaration_version: number;
  readonly notes: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

const NAME_CHARACTERS_MAX = 80;
const TEXT_CHARACTERS_MAX = 600;

/** In the order in which the checks run. */
export function storedChecks(row: StoredRow): CheckExplanation[] {
  const found = new Map<number, string[]>();
  const { findings, baseline } = evidenceOf(row);
  for (const [i, reason] of row.reasons.entries()) {
    const check = CHECK_OF_REASON[reason] ?? BASELINES;
    // Both list the findings in the order of the checks; a row that nothing is proposed for has no evidence.
    const effect = row.effective[i] ?? 'allow';
    const finding = findings[i] ?? { reason, action: effect, mode: '', effect };
    found.set(check, [...(found.get(check) ?? []), foundInWords(check, finding)]);
  }
  if (baseline !== undefined) found.get(BASELINES)?.push(scoreInWords(baseline));
  return CHECKS.map((check): CheckExplanation => {
    const name = CHECK_NAMES[check]!;
    const sentences = found.get(check);
    if (sentences !== undefined) return { check, name, status: 'found', text: sentences.join(' ') };
    const skipped = whySkipped(check, row);
    if (skipped !== null) return { check, name, status: 'skipped', text: skipped };
    return { check, name, status: 'passed', text: printable(passedInWords(check, row), TEXT_CHARACTERS_MAX) };
  });
}

/** Reasons without what was compared, where the row has none. */
export function evidenceOf({ evidence }: Pick<StoredRow, 'evidence'>): Evidence {
  return evidence === '' ? { findings: [], remedy: '' } : (JSON.parse(evidence) as Evidence);
}

function foundInWords(check: number, { reason, action, mode, effect, observed, expected }: EvidenceFinding): string {
  const compared = observed === undefined ? '' : comparedInWords(check, observed, expected ?? {});
  const lowered =
    effect === action ? `The policy says ${action}.` : `The policy would ${action}; its mode, ${mode}, makes it ${effect}.`;
  return printable(`${reasonInWords(reason).sentence}${compared} ${lowered}`, TEXT_CHARACTERS_MAX);
}

function comparedInWords(check: number, observed: Values, expected: Values): string {
  if (check === BASELINES) return baselineFindingInWords(observed, expected);
  return ` It was: ${inWords(observed)}. Ordinary would be: ${inWords(expected)}.`;
}

function whySkipped(check: number, row: StoredRow): string | null {
  const { category, reasons, effective, notes } = row;
  if (check >= 3 && check <= 7 && !isPersonal(category)) return `${categoryInWords(category)}: no personal data by itself`;
  if (check >= 3 && check <= 6 && reasons.includes('undeclared_program')) return 'There is no declaration to compare with.';
  if ((check === 4 || check === 6) && reasons.includes('undeclared_category')) return 'No purpose lists this kind of data.';
  if (check === 8 && row.link_kind === '') return 'The access is no link.';
  if (check < LIMITS) return null;
  const isLimits = check === LIMITS;
  if (notes.includes('imported'))
    return `What was imported is not held against ${isLimits ? 'limits' : 'what is ordinary, nor learned from'}.`;
  if (isStoppedBefore(reasons.map((reason, i) => ({ reason, effect: effective[i] ?? 'allow' }))))
    return isLimits ? 'What the checks above intercept uses up no limit.' : 'What checks 1-8 intercept is not learned from.';
  if (isLimits)
    return notes.includes('late_for_limit')
      ? 'It came more than five minutes behind later accesses: a limit that had seen those was not asked.'
      : null;
  return isPersonal(category) ? null : `${categoryInWords(category)}: what is ordinary of it is not looked at.`;
}

function passedInWords(check: number, row: StoredRow): string {
  const kind = categoryInWords(row.category);
  switch (check) {
    case 1:
      return 'The program is neither suspended nor banned.';
    case 2:
      return `Version ${row.declaration_version} of its declaration is in force.`;
    case 3:
      return `The declaration lists ${kind}.`;
    case 4:
      return row.purpose === ''
        ? 'No purpose was named, and the policy does not ask for one.'
        : `Purpose “${printable(row.purpose, NAME_CHARACTERS_MAX)}” was declared and lists ${kind}.`;
    case 5:
      return `The platform does not restrict ${kind}, or has opened it to this program.`;
    case 6:
      return `${whereOf(row)}; ${counted(Number(row.rows), 'row')} and ${counted(Number(row.bytes), 'byte')} are within what was declared.`;
    case 7:
      return `The user agreed to ${kind}, or the policy does not ask for consent to it.`;
    case 8:
      return 'The link leads where the declaration allows, and shows nothing of friends.';
    case LIMITS:
      return 'Within every limit of the policy.';
    default:
      return 'Nothing out of the ordinary, as far as this program was known by then. What came late, or under a policy without baselines, was not held against it.';
  }
}

function whereOf({ foreground, source }: StoredRow): string {
  if (!foreground) return 'In the background, which the declaration allows';
  return saysWhatIsOnScreen(source) ? 'On screen' : 'The report does not say whether on screen';
}
