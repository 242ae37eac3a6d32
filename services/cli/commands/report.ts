/** `ntk report interceptions`: the headline report as table, JSON, CSV, or as a page that can leave the house. */
import { writeFile } from 'node:fs/promises';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { parseTimeUs, INVALID_TIME, TIME_END_US } from '../../domain/record/time.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { isOnKafka } from '../../system/open-log.ts';
import { hasPolicyInForce } from '../../system/policy-in-force.ts';
import type { Store } from '../../system/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { overridesOf, type StoreFlags } from '../options.ts';
import { gapInWords } from '../output/gap-words.ts';
import { moreWords } from '../output/more-words.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { noPolicyWords } from './start-words.ts';
import { grouped } from '../output/grouped.ts';

/** `from` and `to`: RFC 3339, or a date, which is its first moment in UTC. Microseconds since 1970. */
export function parseBound(name: string, text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  // The end of all times is no time of an access, but a good upper bound.
  if (text === '2255-01-01' || text === '2255-01-01T00:00:00Z') return TIME_END_US;
  const us = parseTimeUs(isDate ? `${text}T00:00:00Z` : text);
  if (us === INVALID_TIME) {
    if (/^\d{4}-/.test(text) && !isYearOfAccesses(Number(text.slice(0, 4))))
      throw new UserError(`${name} '${brief(text, 40)}' is outside of 1970 to 2254, where all accesses are: name a time within`);
    throw new UserError(
      `${name} '${brief(text, 40)}' is no time: write a date such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z`,
    );
  }
  return us;
}

function isYearOfAccesses(year: number): boolean {
  return year >= 1970 && Date.UTC(year) * 1_000 < TIME_END_US;
}

export const REPORT_FORMATS = ['table', 'json', 'csv', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** @throws UserError that lists the formats */
export function parseReportFormat(text: string): ReportFormat {
  const format = REPORT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new UserError(
    `--format '${brief(text, 20)}' is unknown: ${REPORT_FORMATS.slice(0, -1).join(', ')} or ${REPORT_FORMATS.at(-1)}`,
  );
}

export function printReport(out: Output, report: InterceptionReport, format: 'table' | 'json' | 'csv'): void {
  if (format === 'json') out.json(report);
  else if (format === 'csv') out.csv(csvRows(report));
  else printTables(out, report);
}

/** Below figures that say that nothing was stopped. Not asked of a log on Kafka, which would be read for it. */
export async function sayIfNoPolicy(context: CliContext, store: Store, flags: StoreFlags): Promise<void> {
  const { log } = store;
  if (log === null || isOnKafka(context.config(undefined, overridesOf(flags)))) return;
  if (!(await hasPolicyInForce(log, store.authority()))) context.out.line(noPolicyWords(flags.data));
}

/** To a file, or to standard output where none is named. @throws UserError for a file that cannot be written */
export async function writePage(out: Output, page: string, file: string | undefined): Promise<void> {
  if (file === undefined) return out.bytes([Buffer.from(page, 'utf8')]);
  try {
    await writeFile(file, page);
  } catch (error) {
    const code = systemCodeInWords(error);
    throw new UserError(`cannot write ${brief(file)} (${code}); name another file with --output`, { cause: error });
  }
  out.note(`the report is in ${brief(file)}; open it in a browser, or print it`);
}

function csvRows(report: InterceptionReport): (string | number)[][] {
  const rows: (string | number)[][] = [['section', 'name', 'attempts', 'programs']];
  const { intercepted, wouldHaveBeenIntercepted, quality } = report;
  rows.push(['period', `${report.from}/${report.to}`, '', '']);
  rows.push(['as_of', report.asOf, '', '']);
  rows.push(['settled', String(report.settled), '', '']);
  rows.push(['intercepted', 'all', intercepted.attempts, intercepted.programs]);
  for (const name of ['users', 'prevented', 'alreadyRefused', 'late'] as const)
    rows.push(['intercepted', name, intercepted[name], '']);
  rows.push(['would_have_been_intercepted', 'all', wouldHaveBeenIntercepted.attempts, wouldHaveBeenIntercepted.programs]);
  rows.push(['accesses', 'all', report.accesses, '']);
  for (const [verdict, attempts] of Object.entries(report.byVerdict)) rows.push(['by_verdict', verdict, attempts, '']);
  for (const { reason, attempts, programs } of report.byReason) rows.push(['by_reason', reason, attempts, programs]);
  for (const { category, attempts, programs } of report.byCategory) rows.push(['by_category', category, attempts, programs]);
  for (const row of report.byClass) rows.push(['by_class', row.class, row.attempts, row.programs]);
  for (const { program, attempts } of report.topPrograms) rows.push(['top_programs', program, attempts, '']);
  const { gaps = [], ...figures } = quality;
  for (const { partition, from, to } of gaps) rows.push(['quality', `gap in partition ${partition}`, `${from}-${to}`, '']);
  for (const [name, value] of Object.entries(figures))
    rows.push(['quality', name, typeof value === 'boolean' ? String(value) : value, '']);
  return rows;
}

/** Null where nothing is missing, or what is was accepted as lost, which has lines of its own. */
function wayToComplete({ complete, unwritten, gaps = [] }: InterceptionReport['quality']): string | null {
  if (unwritten > 0)
    return 'what is not stored yet a running ntk up stores (on Kafka scorer and writer), or else the next ntk run';
  return complete || gaps.length > 0
    ? null
    : 'rows or entries of the ledger are missing, or there are more than the log gives: ntk verify says which, ntk repair mends them';
}

/** For a person who wants what the table leaves out, of all times. */
const ALL_PROGRAMS_SQL =
  "SELECT program, count() FROM ntk.access_results FINAL WHERE verdict = 'intercept' GROUP BY program ORDER BY 2 DESC";

function printTables(out: Output, report: InterceptionReport): void {
  const { intercepted, wouldHaveBeenIntercepted: would, quality, byVerdict } = report;
  out.line(
    out.paint('bold', `${grouped(intercepted.attempts)} attempts intercepted, by ${grouped(intercepted.programs)} programs`),
  );
  out.line(`of ${grouped(report.accesses)} accesses between ${report.from} and ${report.to}`);
  out.line(
    `prevented ${grouped(intercepted.prevented)}, already refused ${grouped(intercepted.alreadyRefused)}, late ${grouped(intercepted.late)}; ${grouped(intercepted.users)} users`,
  );
  out.line(`would have been intercepted: ${grouped(would.attempts)} attempts by ${grouped(would.programs)} programs`);
  out.line(
    `verdicts: ${Object.entries(byVerdict)
      .map(([verdict, n]) => `${verdict} ${grouped(n)}`)
      .join(', ')}`,
  );
  const breakdowns: [string, (string | number)[][]][] = [
    ['reason', report.byReason.map((row) => [row.reason, row.attempts, row.programs])],
    ['category', report.byCategory.map((row) => [row.category, row.attempts, row.programs])],
    ['class', report.byClass.map((row) => [row.class, row.attempts, row.programs])],
  ];
  for (const [name, rows] of breakdowns) {
    if (rows.length === 0) continue;
    out.line();
    out.table([name, 'attempts', 'programs'], rows);
  }
  if (report.topPrograms.length > 0) {
    out.line();
    out.table(
      ['program', 'attempts'],
      report.topPrograms.map(({ program, attempts }) => [program, attempts]),
    );
    const more = intercepted.programs - report.topPrograms.length;
    if (more > 0) out.line(moreWords(more, `all of them: ntk query "${ALL_PROGRAMS_SQL}"`));
  }
  out.line();
  out.line(
    `log: ${grouped(quality.recordsRead)} records read, ${grouped(quality.duplicates)} duplicates, ${grouped(quality.rejected)} rejected, ${grouped(quality.rowsStored)} rows stored, ${grouped(quality.unwritten)} not stored yet`,
  );
  const way = wayToComplete(quality);
  if (way !== null) out.line(`  ${way}`);
  const certainty = report.settled ? 'settled' : out.paint('yellow', 'preliminary');
  const completeness = quality.complete ? 'complete' : out.paint('red', 'NOT complete');
  for (const gap of quality.gaps ?? []) {
    out.line(out.paint('red', `gap: ${gapInWords(gap)}`));
    out.line(`  what was lost arrived after ${gap.arrivedAfter ?? 'the beginning'} and before ${gap.arrivedBefore ?? 'now'}`);
  }
  out.line(`figures are ${certainty} and ${completeness} as of ${report.asOf}`);
}
