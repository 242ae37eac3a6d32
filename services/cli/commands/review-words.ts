/** What `ntk review` prints. Programs and notes are words of others: they are made safe here. */
import type { PlacedReview, ReviewedEpisode } from '../../domain/review/conclusions.ts';
import type { Contribution, Episode } from '../../domain/review/episode.ts';
import type { AlarmCounts, AlarmRate, Rate } from '../../domain/review/alarm-rate.ts';
import { DISPOSITIONS } from '../../../schemas/codes.ts';
import { reasonInWords } from '../../domain/wording/reasons.ts';
import { atUtcOffset } from '../output/at-utc-offset.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { counted, grouped as n, threeDigits } from '../../domain/wording/counted.ts';

/** Of a score, on a screen; JSON has all of them. */
const CONTRIBUTIONS_MAX = 3;
const PROGRAM_CHARACTERS_MAX = 80;
const NOTE_CHARACTERS_MAX = 200;
const CATEGORY_CHARACTERS_MAX = 60;

const atOf = (ms: number): string => new Date(ms).toISOString();

export function reviewInWords({ disposition, by, note, appendedAtMs }: PlacedReview): string {
  const who = by === '' ? '' : ` by ${brief(by, PROGRAM_CHARACTERS_MAX)}`;
  const why = note === '' ? '' : `: ${brief(note, NOTE_CHARACTERS_MAX)}`;
  return `${disposition}${who} at ${atOf(appendedAtMs)}${why}`;
}

/** The latest word and the one that it replaced: whoever reads only the first would not see that people did not agree. */
export function reviewsInWords([latest, replaced, ...earlier]: readonly [PlacedReview, ...PlacedReview[]]): string {
  const before = replaced === undefined ? '' : `; before it ${reviewInWords(replaced)}`;
  return `${reviewInWords(latest)}${before}${earlier.length === 0 ? '' : `; and ${counted(earlier.length, 'earlier review')}`}`;
}

export function isReviewed(reviews: readonly PlacedReview[]): reviews is readonly [PlacedReview, ...PlacedReview[]] {
  return reviews.length > 0;
}

export function printEpisode(
  out: Output,
  { episode, reviews }: ReviewedEpisode,
  { isFirst, isLogThere, utcOffset }: { readonly isFirst: boolean; readonly isLogThere: boolean; readonly utcOffset: string },
): void {
  const { id, program, className, results, reasons, categories, score } = episode;
  if (!isFirst) out.line();
  out.line(out.paint('bold', `${id}  ${brief(program, PROGRAM_CHARACTERS_MAX)} (${brief(className, PROGRAM_CHARACTERS_MAX)})`));
  out.line(
    `  ${timesInWords(episode, utcOffset)}, ${counted(results, 'result')} for ${categories.map((category) => brief(category, CATEGORY_CHARACTERS_MAX)).join(', ')}`,
  );
  for (const reason of reasons) out.line(`  ${reasonInWords(reason).title}: ${reasonInWords(reason).sentence}`);
  out.line(`  highest score ${threeDigits(score)}${becauseOf(episode.contributions)}`);
  if (isReviewed(reviews)) out.line(`  ${reviewsInWords(reviews)}`);
  else if (isLogThere) out.line(`  ${out.paint('yellow', 'not reviewed')}`);
}

function timesInWords({ startMs, lastMs }: Episode, utcOffset: string): string {
  const start = atUtcOffset(startMs, utcOffset);
  return startMs === lastMs ? `at ${start}` : `from ${start} to ${atUtcOffset(lastMs, utcOffset)}`;
}

function becauseOf(contributions: readonly Contribution[]): string {
  if (contributions.length === 0) return '';
  const largest = contributions
    .slice(0, CONTRIBUTIONS_MAX)
    .map(({ feature, amount }) => `${brief(feature, 40)} ${threeDigits(amount)}`);
  return `: ${largest.join(', ')}${contributions.length > CONTRIBUTIONS_MAX ? ', …' : ''}`;
}

export function episodeJson({ episode, reviews }: ReviewedEpisode): unknown {
  const { id, program, className, startMs, lastMs, results, reasons, categories, score, contributions } = episode;
  const [latest, ...earlier] = reviews;
  return {
    episode: id,
    program,
    class: className,
    start: atOf(startMs),
    last: atOf(lastMs),
    results,
    reasons,
    categories,
    inWords: reasons.map((reason) => reasonInWords(reason).sentence),
    score,
    contributions: Object.fromEntries(contributions.map(({ feature, amount }) => [feature, amount])),
    review: latest === undefined ? null : reviewJson(latest),
    earlierReviews: earlier.map(reviewJson),
  };
}

export function reviewJson({ disposition, by, note, appendedAtMs }: PlacedReview): unknown {
  return { disposition, by, note, at: atOf(appendedAtMs) };
}

const STANDING_IN_WORDS = {
  above: 'above the budget, even at the low end',
  within: 'within the budget, even if all that is not reviewed were false',
  undecided: 'cannot tell yet whether that is within the budget: too few program-days or reviews',
} as const;

export function printRate(
  out: Output,
  measured: AlarmCounts & AlarmRate,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
  json: boolean,
): void {
  const { byDisposition, unreviewed, programDays, atLeast, atMost, budget, standing, precision } = measured;
  const reviewed = DISPOSITIONS.reduce((sum, disposition) => sum + byDisposition[disposition], 0);
  const [from, to] = [atOf(fromUs / 1000), atOf(toUs / 1000)];
  if (json) {
    const falseAlarms = { per: '1000 program-days', atLeast, atMost, budget, standing };
    out.json({
      from,
      to,
      episodes: reviewed + unreviewed,
      programDays,
      reviews: byDisposition,
      unreviewed,
      precision,
      falseAlarms,
    });
    return;
  }
  out.line(`${counted(reviewed + unreviewed, 'episode')} in ${counted(programDays, 'program-day')} between ${from} and ${to}`);
  out.line(
    `reviewed ${n(reviewed)}: ${DISPOSITIONS.map((disposition) => `${disposition} ${n(byDisposition[disposition])}`).join(', ')}; not reviewed ${n(unreviewed)}`,
  );
  if (atLeast !== null && atMost !== null) {
    out.line(out.paint('bold', `false alarms in 1,000 program-days: ${rateInWords(atLeast)}`));
    if (unreviewed > 0) out.line(`at most, if all that is not reviewed were false: ${rateInWords(atMost)}`);
  }
  if (precision !== null) out.line(`precision: ${(100 * precision).toFixed(1)} % of those reviewed were not false`);
  out.line(budget === null ? 'the policy in force states no budget' : `the policy in force allows ${threeDigits(budget)}`);
  if (standing !== null) out.line(out.paint(COLOUR[standing], STANDING_IN_WORDS[standing]));
}

const COLOUR = { above: 'red', within: 'green', undecided: 'yellow' } as const;

function rateInWords({ rate, low, high }: Rate): string {
  return `${threeDigits(rate)} (95 %: ${threeDigits(low)} to ${threeDigits(high)})`;
}
