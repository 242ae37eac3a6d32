/** `ntk review`: the alarms of the baselines, what people concluded about them, and the false-alarm rate measured from that. */
import type { Command } from 'commander';
import { type Disposition, DISPOSITIONS } from '../../../schemas/codes.ts';
import { placeNamed } from '../../domain/review/episode.ts';
import { concludeAlarm } from '../../system/questions/conclude-alarm.ts';
import { AlarmView } from '../../system/questions/episodes.ts';
import { REVIEW_WORDS_CHARS_MAX, type ReviewedEpisode } from '../../domain/review/conclusions.ts';
import type { Store } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { utcOffsetOf } from '../input-names.ts';
import { jsonOptions, limitOf, type StoreFlags, storeOptions } from '../options.ts';
import { SHOWN_OFFSET_WORDS } from '../output/at-utc-offset.ts';
import { brief } from '../output/terminal.ts';
import { type RangeFlags, rangeOf } from '../time-range.ts';
import { episodeJson, printEpisode, printRate, reviewInWords, reviewJson } from './review-words.ts';
import { counted, countedAre } from '../../domain/wording/counted.ts';

export function registerReview(program: Command, context: CliContext): void {
  const review = program
    .command('review')
    .description('alarms of the baselines, what people concluded about them, and how many were false')
    .addHelpText(
      'after',
      `
Without a command it concludes: ntk review EPISODE DISPOSITION --by NAME --note TEXT

Examples:
  ntk review list --open
  ntk review 3-10482 true_positive --by anna --note "reads photos at night; suspended"
  ntk review rate --from 2026-03-01`,
    );
  registerConclude(review, context);
  registerList(review, context);
  registerRate(review, context);
}

interface ConcludeFlags extends StoreFlags {
  readonly by?: string;
  readonly note: string;
}

function registerConclude(review: Command, context: CliContext): void {
  jsonOptions(storeOptions(review.command('conclude', { isDefault: true })))
    .argument('<episode>', 'PARTITION-OFFSET of any of its results, see ntk review list')
    .argument('<disposition>', DISPOSITIONS.join(', '))
    .option('--by <name>', 'who concludes it; default: who is logged in')
    .option('--note <text>', 'why, for whoever reads the log', '')
    .description('say what an alarm was; the latest word about an episode counts')
    .addHelpText(
      'after',
      `
true_positive: somebody has to act. false_positive: nothing happened that a person had to see. expected: it happened as it
says, for a reason that is known and fine.

Examples:
  ntk review 3-10482 true_positive --by anna --note "reads photos at night; suspended"
  ntk review conclude 3-10482 expected --by anna --note "spring promotion" --data ./data`,
    )
    .action((episode: string, disposition: string, flags: ConcludeFlags) =>
      conclude(context, episode, dispositionNamed(disposition), flags),
    );
}

function dispositionNamed(text: string): Disposition {
  const disposition = DISPOSITIONS.find((known) => known === text);
  if (disposition !== undefined) return disposition;
  throw new UserError(`'${brief(text, 40)}' is no conclusion: one of ${DISPOSITIONS.join(', ')}`);
}

async function conclude(context: CliContext, name: string, disposition: Disposition, flags: ConcludeFlags): Promise<void> {
  const { out, clock } = context;
  const { note, by = context.userName } = flags;
  for (const [option, text] of Object.entries({ '--by': by, '--note': note }))
    if (text.length > REVIEW_WORDS_CHARS_MAX) throw new UserError(`${option} has more than ${REVIEW_WORDS_CHARS_MAX} characters`);
  const place = placeNamed(name);
  if (place === null)
    throw new UserError(`'${brief(name, 40)}' is no episode: write PARTITION-OFFSET, such as 3-10482 (ntk review list)`);
  await context.withStore(flags, async (store) => {
    const { log } = store;
    if (log === null) throw new UserError('a review goes into the log: give its data folder with --data DIR');
    const word = { disposition, by, note };
    const concluded = await concludeAlarm({ ...store, log }, { place, ...word, nowMs: clock.nowMs() });
    if (concluded.episode === null) throw new UserError(`there is no episode ${name}: ${whyNone(concluded)}`);
    const { episode, before, meanwhile, isAppended, counts } = concluded;
    const [latest] = before;
    if (flags.json)
      out.json({
        episode: episode.id,
        program: episode.program,
        ...word,
        appended: isAppended,
        counts,
        meanwhile: meanwhile.map(reviewJson),
      });
    else if (!isAppended) out.line(`${episode.id}: ${reviewInWords(latest!)}, as was said before`);
    else {
      const replaced = latest === undefined ? '' : `; before it ${reviewInWords(latest)}`;
      out.line(`${episode.id} of ${brief(episode.program, 80)}: ${disposition} by ${brief(by, 80)}${replaced}`);
    }
    for (const other of meanwhile.toReversed()) out.note(`at the same moment was said: ${reviewInWords(other)}`);
    if (meanwhile.length > 0) out.note(`${counts ? 'yours' : 'the latest of them'} counts (ntk review list)`);
  });
}

function whyNone({ unwritten }: { readonly unwritten: number }): string {
  const later = unwritten === 0 ? '' : `, and ${countedAre(unwritten, 'record')} not judged and stored yet`;
  return `no stored result of that place has a finding of the baselines${later} (ntk review list)`;
}

function rangeOptions(command: Command): Command {
  return jsonOptions(storeOptions(command))
    .option('--from <time>', 'first start of an episode, a date or RFC 3339; default: the beginning')
    .option('--to <time>', 'start before which it ends; default: the end');
}

/** Asked for with one question. */
const LISTED_AT_ONCE_MAX = 10_000;

interface ListFlags extends StoreFlags, RangeFlags {
  readonly open?: boolean;
  readonly program?: string;
  readonly limit: string;
  readonly utcOffset?: string;
}

function registerList(review: Command, context: CliContext): void {
  rangeOptions(review.command('list'))
    .option('--open', 'only those that nobody has reviewed')
    .option('--program <program>', 'only those of one program')
    .option('--limit <n>', 'how many are shown', '50')
    .option('--utc-offset <offset>', SHOWN_OFFSET_WORDS, utcOffsetOf)
    .description('episodes of alarms, newest first: who, when, why, and what was concluded')
    .addHelpText(
      'after',
      '\nExamples:\n  ntk review list --open\n  ntk review list --program wx1234567890abcdef --from 2026-03-01 --json',
    )
    .action(async (flags: ListFlags) => {
      const max = limitOf(flags);
      const range = rangeOf(flags);
      await context.withStore(flags, (store) => list(context, store, { ...range, program: flags.program ?? null }, max, flags));
    });
}

async function list(
  { out }: CliContext,
  store: Store,
  filter: Parameters<AlarmView['episodes']>[0],
  max: number,
  { open = false, json = false, utcOffset = 'Z' }: ListFlags,
): Promise<void> {
  if (open && store.log === null)
    throw new UserError('what was reviewed is in the log: give its data folder with --data DIR, or leave --open out');
  const view = await AlarmView.at(store);
  const shown: ReviewedEpisode[] = [];
  let isMore = false;
  // Among those that are open many may have been reviewed: they are looked through in large pieces.
  for await (const one of open ? view.episodes(filter) : view.episodes(filter, Math.min(max + 1, LISTED_AT_ONCE_MAX))) {
    if (open && one.reviews.length > 0) continue;
    isMore = shown.length === max;
    if (isMore) break;
    shown.push(one);
  }
  if (json) await out.jsonList(shown.values().map(episodeJson));
  else
    for (const [i, one] of shown.entries()) {
      if (!(await out.taken())) break;
      printEpisode(out, one, { isFirst: i === 0, isLogThere: store.log !== null, utcOffset });
    }
  if (shown.length === 0) out.note(open ? 'no alarm is waiting for a review' : 'no alarm of the baselines');
  if (isMore) out.note(`only the newest ${max} are shown (--limit)`);
  noteWhatIsMissing({ out }, view, store);
}

function registerRate(review: Command, context: CliContext): void {
  rangeOptions(review.command('rate'))
    .description('false alarms in 1,000 program-days, as reviews say, beside the budget of the policy')
    .addHelpText('after', '\nExample:\n  ntk review rate --from 2026-03-01 --to 2026-04-01')
    .action(async (flags: StoreFlags & RangeFlags) => {
      const range = rangeOf(flags);
      await context.withStore(flags, async (store) => {
        if (store.log === null) throw new UserError('what was reviewed is in the log: give its data folder with --data DIR');
        const view = await AlarmView.at(store);
        printRate(context.out, await view.rate(range, store.authority()), range, flags.json ?? false);
        noteWhatIsMissing(context, view, store);
      });
    });
}

function noteWhatIsMissing({ out }: Pick<CliContext, 'out'>, { unwritten, reviewsGone }: AlarmView, { log }: Store): void {
  if (log === null) out.note('what was concluded is in the log: with its data folder (--data DIR) it is shown, too');
  if (reviewsGone > 0)
    out.note(`the log no longer has ${counted(reviewsGone, 'review')}: what was concluded there is not known here`);
  if (unwritten > 0) out.note(`${countedAre(unwritten, 'record')} not judged and stored yet: alarms among them are missing here`);
}
