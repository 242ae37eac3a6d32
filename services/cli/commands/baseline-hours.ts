/** `ntk baseline hours`: the hours of one program as series, judged by the detector of series. */
import { type Command, Option } from 'commander';
import { HOUR_MEASURES, type HourMeasure } from '../../domain/report/hour-queries.ts';
import { counted, countedAre, verbOf } from '../../domain/wording/counted.ts';
import type { JudgedHour } from '../../series/program-hours.ts';
import { HOURS_MAX, type ProgramHours, programHours } from '../../system/questions/program-hours.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOption, limitOf, type StoreFlags, storeOptions } from '../options.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { type RangeFlags, rangeOf } from '../time-range.ts';

const FORMATS = ['table', 'json', 'csv'] as const;
const ALL = '(all)';
const NAME_CHARACTERS_MAX = 80;

interface HoursFlags extends StoreFlags, RangeFlags {
  readonly category?: string;
  readonly of: HourMeasure;
  readonly limit: string;
  readonly format: (typeof FORMATS)[number];
}

export function registerBaselineHours(baseline: Command, context: CliContext): void {
  jsonOption(storeOptions(baseline.command('hours')))
    .argument('<program>', 'the program whose hours are judged')
    .option('--category <category>', 'this one alone; default: each, and all together')
    .addOption(new Option('--of <what>', 'what is counted by the hour').choices(HOUR_MEASURES).default('accesses'))
    .option('--from <time>', 'first hour that is told, a date or RFC 3339; those before are learned from; default: the beginning')
    .option('--to <time>', 'the end of what is looked at; default: the last access')
    .option('--limit <n>', 'how many hours the table shows', '20')
    .addOption(
      new Option('--format <format>', 'table of the hours that stand out, or json or csv of every hour')
        .choices(FORMATS)
        .default('table'),
    )
    .description('the hours of one program that stand out from those before')
    .addHelpText(
      'after',
      `
Each category is a series, and so are all together; an hour without an access is 0. They are judged as ntk baseline score judges a file.
An hour that stands out is no alarm: launches, promotions and holidays do, too. Alarms are in ntk review list.

Examples:
  ntk baseline hours wx1234567890abcdef
  ntk baseline hours wx1234567890abcdef --category photos --of users --from 2026-03-01
  ntk baseline hours wx1234567890abcdef --category photos --format csv > photos.csv`,
    )
    .action(async (program: string, flags: HoursFlags) => {
      const max = limitOf(flags);
      const range = rangeOf(flags);
      const request = { program, category: flags.category ?? null, measure: flags.of, ...range };
      await context.withStore(flags, async (store) => {
        const found = await programHours(store, request);
        if (found.accesses === 0) throw new UserError(nothingOf(program, flags, found));
        if (flags.json || flags.format === 'json') context.out.json(hoursJson(program, flags.of, found));
        else if (flags.format === 'csv') context.out.csv(hoursCsv(found));
        else printHours(context.out, program, flags.of, found, max);
        noteWhatIsMissing(context.out, found);
      });
    });
}

function nothingOf(program: string, { category, to }: HoursFlags, { unwritten }: ProgramHours): string {
  const what = category === undefined ? 'access' : `access to ${brief(category, NAME_CHARACTERS_MAX)}`;
  const until = to === undefined ? '' : ` before ${brief(to, NAME_CHARACTERS_MAX)}`;
  const later = unwritten === 0 ? '' : `; ${countedAre(unwritten, 'record')} not judged and stored yet`;
  return `no ${what} of program ${brief(program, NAME_CHARACTERS_MAX)} is stored${until}${later}`;
}

function noteWhatIsMissing(out: Output, { isMoreBefore, learnedFromMs, unwritten }: ProgramHours): void {
  if (isMoreBefore)
    out.note(
      `of ${counted(HOURS_MAX, 'hour')} at most the last are looked at: not those before ${minuteOf(learnedFromMs)} (--to ends them earlier)`,
    );
  if (unwritten > 0) out.note(`${countedAre(unwritten, 'record')} not judged and stored yet, and missing here`);
}

function printHours(out: Output, program: string, measure: HourMeasure, { series }: ProgramHours, max: number): void {
  const hours = series[0]?.hours ?? [];
  const [first, last] = [hours[0], hours.at(-1)];
  if (first === undefined || last === undefined) {
    out.note('no hour of the program is in that range');
    return;
  }
  const told = series.flatMap(({ category, hours: all }) =>
    all.filter(({ score }) => score > 0).map((hour) => ({ category: category ?? ALL, ...hour })),
  );
  told.sort((a, b) => b.score - a.score || a.startMs - b.startMs);
  const categories = series.filter(({ category }) => category !== null).length;
  out.line(
    `${brief(program, NAME_CHARACTERS_MAX)}: ${measure} of ${counted(hours.length, 'hour')} in ${counted(categories, 'category')}, ${minuteOf(first.startMs)} to ${minuteOf(last.startMs)} UTC; ${told.length} ${verbOf(told.length, 'stand')} out a little or more`,
  );
  if (told.length > 0)
    out.table(
      ['hour (UTC)', 'category', measure, 'usual then', 'score'],
      told
        .slice(0, max)
        .map(({ startMs, category, value, usual, score }) => [minuteOf(startMs), category, value, usual ?? '', score.toFixed(3)]),
    );
  if (told.length > max) out.note(`only the ${max} that stand out most are shown (--limit)`);
}

function hoursJson(program: string, measure: HourMeasure, { series, accesses }: ProgramHours): unknown {
  return {
    program,
    of: measure,
    accesses,
    series: series.map(({ category, hours }) => ({ category, hours: hours.map(hourJson) })),
  };
}

function hourJson({ startMs, value, usual, score }: JudgedHour): unknown {
  return { hour: new Date(startMs).toISOString(), value, usual, score };
}

/** Its columns are those of `ntk baseline score`, among others. */
function hoursCsv({ series }: ProgramHours): (string | number)[][] {
  const rows = series.flatMap(({ category, hours }) =>
    hours.map(({ startMs, value, usual, score }) => [category ?? ALL, `${minuteOf(startMs)}:00`, value, usual ?? '', score]),
  );
  return [['category', 'timestamp', 'value', 'usual', 'anomaly_score'], ...rows];
}

function minuteOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
