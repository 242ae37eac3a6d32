/** The report on interceptions as tables, JSON or CSV. */
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { gapInWords } from '../output/gap-words.ts';
import { moreWords } from '../output/more-words.ts';
import type { Output } from '../output/output.ts';
import { counted, grouped } from '../../domain/wording/counted.ts';

export function printReport(out: Output, report: InterceptionReport, format: 'table' | 'json' | 'csv'): void {
  if (format === 'json') out.json(report);
  else if (format === 'csv') out.csv(csvRows(report));
  else printTables(out, report);
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
    out.paint('bold', `${counted(intercepted.attempts, 'attempt')} intercepted, by ${counted(intercepted.programs, 'program')}`),
  );
  out.line(`of ${counted(report.accesses, 'access')} between ${report.from} and ${report.to}`);
  out.line(
    `prevented ${grouped(intercepted.prevented)}, already refused ${grouped(intercepted.alreadyRefused)}, late ${grouped(intercepted.late)}; ${counted(intercepted.users, 'user')}`,
  );
  out.line(`would have been intercepted: ${counted(would.attempts, 'attempt')} by ${counted(would.programs, 'program')}`);
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
    `log: ${counted(quality.recordsRead, 'record')} read, ${counted(quality.duplicates, 'duplicate')}, ${grouped(quality.rejected)} rejected, ${counted(quality.rowsStored, 'row')} stored, ${grouped(quality.unwritten)} not stored yet`,
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
