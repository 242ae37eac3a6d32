/** What `ntk explain` prints of an access, as text and as JSON. */
import { ENGINE_VERSION } from '../../domain/engine.ts';
import { howJudged, whatHappened } from '../../domain/wording/access.ts';
import type { CheckExplanation } from '../../domain/wording/explain-checks.ts';
import { evidenceOf, storedChecks } from '../../domain/wording/stored-checks.ts';
import type { StoredAccess } from '../../auditor/find-access.ts';
import type { Recomputed } from '../../auditor/recompute.ts';
import { atUtcOffset } from '../output/at-utc-offset.ts';
import type { Output } from '../output/output.ts';
import { brief, safe } from '../output/terminal.ts';

/** A check's number and name. */
const CHECK_CHARACTERS = 14;
/** Of what a check found: five reasons of the baselines with their score. */
const CHECK_TEXT_CHARACTERS_MAX = 1500;
const COLOUR_OF_VERDICT = { allow: 'green', flag: 'yellow', throttle: 'magenta', intercept: 'red' } as const;

function verdictWord(out: Output, verdict: string): string {
  const colour = COLOUR_OF_VERDICT[verdict as keyof typeof COLOUR_OF_VERDICT];
  return colour === undefined ? verdict : out.paint(colour, verdict);
}

interface HowExplained {
  /** The log was to be folded again. */
  readonly isAskedFor: boolean;
  readonly utcOffset: string | undefined;
}

export function printExplanation(
  out: Output,
  access: StoredAccess,
  recomputed: Recomputed | null,
  { isAskedFor, utcOffset }: HowExplained,
): void {
  out.line(out.paint('bold', `${toldTime(access.event_time, utcOffset)}  ${whatHappened(access)}`));
  const would = access.proposed === access.verdict ? '' : `would be ${verdictWord(out, access.proposed)}; `;
  out.line(`${would}verdict ${verdictWord(out, access.verdict)}. ${howJudged(access)}`);
  if (recomputed === null) printStored(out, access, isAskedFor);
  else printChecks(out, recomputed.checks, recomputed.remedy);
  out.line(
    `event ${brief(access.event_id)} of ${brief(access.source, 80)}, partition ${access.partition} offset ${access.offset}, policy ${access.policy_hash}, declaration version ${access.declaration_version}, engine ${access.engine}${access.notes.length > 0 ? `, notes: ${access.notes.map(safe).join(' ')}` : ''}`,
  );
  if (recomputed !== null) {
    out.line(
      recomputed.isProved
        ? out.paint('green', 'Proved: folding the log again gives this row byte for byte.')
        : out.paint('red', 'NOT proved: folding the log again gives another row; run ntk verify.'),
    );
  }
}

/** @param stored as ClickHouse has it, in UTC */
function toldTime(stored: string, utcOffset = 'Z'): string {
  return atUtcOffset(Date.parse(`${stored.replace(' ', 'T')}Z`), utcOffset).replace('T', ' ');
}

function printChecks(out: Output, checks: readonly CheckExplanation[], remedy: string): void {
  for (const { check, name, status, text } of checks) {
    const mark = { found: out.paint('yellow', '!'), passed: out.paint('green', '✓'), skipped: out.paint('gray', '-') }[status];
    out.line(`  ${mark} ${`${check} ${name}`.padEnd(CHECK_CHARACTERS)} ${brief(text, CHECK_TEXT_CHARACTERS_MAX)}`);
  }
  if (remedy !== '') out.line(`  remedy: ${brief(remedy, 400)}`);
}

/** What the row alone says, when the log was not asked, is gone, or others judged it. */
function printStored(out: Output, access: StoredAccess, asked: boolean): void {
  if (asked) out.line(`  ${whyNotFolded(access)}: this is the stored evidence`);
  printChecks(out, storedChecks(access), evidenceOf(access).remedy);
}

function whyNotFolded({ engine }: StoredAccess): string {
  if (Number(engine) !== ENGINE_VERSION)
    return `engine ${engine} judged this access, and this release folds as engine ${ENGINE_VERSION}`;
  return 'the log no longer reaches back to this access, or another release or authority judged what it followed from';
}

/** For `--json`. */
export function explanationJson(access: StoredAccess, recomputed: Recomputed | null): unknown {
  return {
    ...access,
    evidence: access.evidence === '' ? null : (JSON.parse(access.evidence) as unknown),
    summary: `${whatHappened(access)}. ${howJudged(access)}`,
    ...(recomputed === null ? {} : { checks: recomputed.checks, proved: recomputed.isProved, remedy: recomputed.remedy }),
  };
}
