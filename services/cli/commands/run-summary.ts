/** What `ntk run` prints at its end: who took what, what was stopped, and whether anything is missing. */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { CATEGORIES_SQL, PERSONAL_SQL, UNUSUAL_SQL, WHO_TOOK_WHAT_SQL } from '../../domain/report/summary-queries.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import type { ImportSummary } from '../../importers/import-file.ts';
import type { Input } from '../../importers/input/open-input.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import type { BatchSystem } from '../../system/opening/foreign-system.ts';
import { reportInterceptions } from '../../system/questions/report.ts';
import type { CliContext } from '../context.ts';
import { printImport, printProblems } from '../output/import-words.ts';
import { moreWords } from '../output/more-words.ts';
import type { Output } from '../output/output.ts';
import { printRejectedLines, rejectedLines } from './rejected-lines.ts';
import { brief } from '../output/terminal.ts';
import { counted, grouped as n } from '../../domain/wording/counted.ts';

/** Rows of the table of who took what. */
const PROGRAMS_SHOWN_MAX = 40;

interface RunSummary {
  /** Open still: where something was rejected, they are read again to say in which line. */
  readonly inputs: readonly Input[];
  readonly imports: readonly ImportSummary[];
  readonly isJson: boolean;
  readonly hasPolicy: boolean;
  /** By this run. */
  readonly policyAppended: boolean;
  readonly tookMs: number;
}

/** For a person who wants what the table leaves out. */
const ALL_PAIRS_SQL = 'SELECT program, category, count() FROM ntk.access_results FINAL GROUP BY ALL ORDER BY 3 DESC';

interface CategoryRow {
  readonly category: string;
  readonly accesses: string;
  readonly programs: string;
}

interface TakenRow {
  readonly program: string;
  readonly category: string;
  readonly accesses: string;
  readonly intercepted: string;
  readonly would_intercept: string;
  readonly found: string;
  readonly reasons: readonly string[];
}

export async function summarise(
  context: CliContext,
  system: BatchSystem,
  { inputs, imports, isJson, hasPolicy, policyAppended, tookMs }: RunSummary,
): Promise<void> {
  const { out, clock } = context;
  const startedMs = clock.nowMs() - tookMs;
  const warehouse = system.warehouse!;
  const { logId } = system.log;
  const source = { log: system.log, logId, warehouse };
  const report = await reportInterceptions(source, { fromUs: 0, toUs: TIME_END_US, nowMs: clock.nowMs() });
  const categories = await warehouse.query<CategoryRow>(CATEGORIES_SQL, { logId });
  printProblems(out, imports);
  // A bad line is never the file's failure, and a file may be empty; but silence would pass for a clean result.
  const { recordsRead, rejected } = report.quality;
  if (recordsRead <= rejected) out.note('no record of any input could be read, so there was nothing to judge');
  if (imports.some(({ problem, status }) => problem !== null || status === 'stopped')) context.fail();
  const read = inputs.filter((_, i) => (imports[i]?.appended ?? 0) > 0);
  const lines = rejected === 0 ? [] : await rejectedLines(system.log, read);
  if (isJson) {
    const accessesByCategory = categories.map(({ category, accesses, programs }) => ({
      category,
      accesses: Number(accesses),
      programs: Number(programs),
    }));
    out.json({ imports, report, accessesByCategory, rejects: lines });
    return;
  }
  for (const one of imports) printImport(out, one);
  await printWhoTookWhat(out, warehouse, logId, categories);
  const [personal] = await warehouse.query<Omit<CategoryRow, 'category'>>(PERSONAL_SQL, { logId });
  printHeadline(out, report, Number(personal?.accesses ?? 0), Number(personal?.programs ?? 0));
  const folder = brief(system.folder.path);
  await printUnusual(out, warehouse, { logId, sinceMs: Math.floor(startedMs) }, folder);
  // The next thing that somebody would try is the same again with a policy, which judges nothing anew.
  if (!hasPolicy) {
    const other = 'ntk run --data OTHER --policy policies/default.yaml --input ...';
    out.note(`no policy was in force, so everything was allowed and stays so; to judge the same files by one: ${other}`);
  }
  if (policyAppended && wereSomeBefore(imports)) {
    const other = 'ntk run --data OTHER --policy FILE --input ...';
    out.note(`the policy is for what comes now: what was imported before stays as it was judged; to judge it anew: ${other}`);
  }
  printRejectedLines(out, lines);
  if (rejected > 0) out.note(`what was rejected, and why: ntk rejects list --data ${folder}`);
  out.note(
    `in ${(tookMs / 1000).toFixed(1)} s. Go on with: ntk report interceptions --data ${folder}; ntk explain --program PROGRAM --recompute --data ${folder}`,
  );
}

/** Before this run, in which a file may be named twice. */
function wereSomeBefore(imports: readonly ImportSummary[]): boolean {
  const now = new Set(imports.filter(({ status }) => status !== 'already_complete').map(({ sha256 }) => sha256));
  return imports.some(({ sha256 }) => !now.has(sha256));
}

interface UnusualRow {
  readonly accesses: string;
  readonly programs: string;
  readonly fresh: string;
}

/** Alarms are few, and stand anywhere in a table of who took what. Whoever imports a report each week wants to know whether there is a new one. */
async function printUnusual(
  out: Output,
  warehouse: Warehouse,
  asked: { readonly logId: string; readonly sinceMs: number },
  folder: string,
): Promise<void> {
  const [row] = await warehouse.query<UnusualRow>(UNUSUAL_SQL, { ...asked, reasons: BASELINE_REASONS });
  const programs = Number(row?.programs ?? 0);
  if (programs === 0) return;
  const what = `${counted(Number(row!.accesses), 'access')} by ${counted(programs, 'program')}, ${n(Number(row!.fresh))} in this run`;
  out.line(`unusual for what it did before: ${what}. Told one by one: ntk review list --data ${folder}`);
}

async function printWhoTookWhat(
  out: Output,
  warehouse: Warehouse,
  logId: string,
  categories: readonly CategoryRow[],
): Promise<void> {
  out.line();
  // What came in may be facts alone, or nothing that can be read.
  if (categories.length === 0) return;
  const rows = await warehouse.query<TakenRow>(WHO_TOOK_WHAT_SQL, { logId, max: PROGRAMS_SHOWN_MAX });
  out.table(
    ['category', 'accesses', 'programs'],
    categories.map((row) => [row.category, Number(row.accesses), Number(row.programs)]),
  );
  out.line();
  out.table(
    ['program', 'category', 'accesses', 'intercepted', 'would be', 'with findings', 'found'],
    rows.map((row) => [
      brief(row.program, 40),
      row.category,
      Number(row.accesses),
      Number(row.intercepted),
      Number(row.would_intercept),
      Number(row.found),
      row.reasons.join(' '),
    ]),
  );
  // Every program is counted once in each category that it took from.
  const pairs = categories.reduce((sum, { programs }) => sum + Number(programs), 0);
  if (pairs > rows.length) out.line(moreWords(pairs - rows.length, `all of them: ntk query "${ALL_PAIRS_SQL}"`));
  out.line();
}

function printHeadline(out: Output, report: InterceptionReport, personalAccesses: number, personalPrograms: number): void {
  const { intercepted, wouldHaveBeenIntercepted: would, quality } = report;
  const headline = `${counted(intercepted.attempts, 'attempt')} intercepted, by ${counted(intercepted.programs, 'program')}; ${n(would.attempts)} more by ${counted(would.programs, 'program')} would have been`;
  out.line(out.paint('bold', headline));
  out.line(`${counted(personalAccesses, 'access')} to personal data, by ${counted(personalPrograms, 'program')}`);
  const complete = quality.complete ? 'complete' : out.paint('red', 'NOT complete');
  out.line(
    `${counted(report.accesses, 'access')} judged and stored; ${counted(quality.recordsRead, 'record')} read, ${counted(quality.duplicates, 'duplicate')}, ${n(quality.rejected)} rejected; ${complete}`,
  );
}
