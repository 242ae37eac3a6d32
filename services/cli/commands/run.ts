/** `ntk run`: the main job, from files to judged, stored and summed up. */
import type { Command } from 'commander';
import { CATEGORIES_SQL, PERSONAL_SQL, WHO_TOOK_WHAT_SQL } from '../../domain/report/queries.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import { IMPORT_FORMATS, type ImportFormat } from '../../importers/formats.ts';
import type { ImportSummary } from '../../importers/import-file.ts';
import { type Input, openInput } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import { reportInterceptions } from '../../system/report.ts';
import { type BatchInput, importBatch } from '../../system/run-batch.ts';
import { type BatchSystem, openForeignSystem } from '../../system/foreign-system.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { dataOption } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { loadPolicyFile } from './policy.ts';

export interface RunFlags {
  readonly data: string;
  readonly policy?: string;
  readonly input: readonly string[];
  readonly format: string;
  readonly json?: boolean;
  readonly device?: string;
}

export function registerRun(program: Command, context: CliContext): void {
  dataOption(program.command('run'))
    .description('judge files from end to end: append, score, store, sum up; the same files again change nothing')
    .option('--policy <file>', 'policy that is put in force first, unless it is already')
    .requiredOption('--input <file...>', 'files (plain, gzip, zstd) or - for standard input; FORMAT:FILE names the format of one')
    .option('--format <format>', `format of the inputs: ${IMPORT_FORMATS.join(', ')}`, 'cloudevents')
    .option('--json', 'print JSON')
    .addHelpText('after', `
Examples:
  ntk run --data ./data --policy policy.yaml --input events.ndjson.gz
  ntk run --data ./week --policy policy.yaml --input declarations.ndjson apple-privacy-report:report.ndjson
  zcat events.gz | ntk run --data ./data --policy policy.yaml --input -`)
    .action(async (flags: RunFlags) => {
      await runBatchCommand(context, flags);
    });
}

export function formatOf(text: string): ImportFormat {
  const format = IMPORT_FORMATS.find((known) => known === text);
  if (format === undefined) throw new UserError(`format '${brief(text, 40)}' is unknown: one of ${IMPORT_FORMATS.join(', ')}`);
  return format;
}

/** `FORMAT:FILE`, or a file in the default format. */
export function splitInputName(name: string, fallback: string): { readonly path: string; readonly format: ImportFormat } {
  const known = IMPORT_FORMATS.find((format) => name.startsWith(`${format}:`));
  return known === undefined ? { path: name, format: formatOf(fallback) } : { path: name.slice(known.length + 1), format: known };
}

export async function openInputs(names: readonly string[], format: string, spoolFolder: string): Promise<BatchInput[]> {
  const inputs: BatchInput[] = [];
  for (const name of names) {
    const { path, format: itsFormat } = splitInputName(name, format);
    const input = await openInput(path, { spoolFolder, stdin: process.stdin });
    if (isInputProblem(input)) {
      await closeInputs(inputs);
      throw new UserError(input.message);
    }
    inputs.push({ input, format: itsFormat });
  }
  return inputs;
}

export async function closeInputs(inputs: readonly { readonly input: Input }[]): Promise<void> {
  for (const { input } of inputs) await input.close();
}

/** Chunks that the importer may be ahead of the scorer, in records. */
const BACKLOG_RECORDS_MAX = 50_000;

async function runBatchCommand(context: CliContext, flags: RunFlags): Promise<void> {
  const { out, clock } = context;
  const policy = flags.policy === undefined ? null : await loadPolicyFile(flags.policy);
  const startedMs = clock.monotonicMs();
  // On a folder that a running system holds, that system does the work.
  const system = (await openForeignSystem(flags.data, clock)) ?? (await context.openSystem(flags.data, ['scorer', 'writer']));
  const bar = out.progress('importing', 'bytes');
  let inputs: BatchInput[] = [];
  try {
    inputs = await openInputs(flags.input, flags.format, system.spoolFolder);
    await system.start();
    const total = inputs.reduce((sum, { input }) => sum + input.sizeBytes, 0);
    let before = 0;
    const summary = await system.racing(
      importBatch({
        log: system.log, inputs, policy, by: context.userName, nowMs: clock.nowMs(), signal: context.signal,
        admit: () => system.admit(BACKLOG_RECORDS_MAX),
        onProgress: (_, { readBytes }) => bar.update(before + readBytes, total),
        onFinished: (input) => (before += input.sizeBytes),
      }),
    );
    bar.stop();
    await system.drained(context.signal);
    await system.stop();
    await summarise(context, system, summary.imports, flags.json ?? false, clock.monotonicMs() - startedMs);
  } finally {
    bar.stop();
    await closeInputs(inputs);
    await system.close();
  }
}

async function summarise(context: CliContext, system: BatchSystem, imports: readonly ImportSummary[], json: boolean, tookMs: number): Promise<void> {
  const { out, clock } = context;
  const warehouse = system.warehouse!;
  const source = { log: system.log, logId: system.log.logId, warehouse };
  const report = await reportInterceptions(source, { fromUs: 0, toUs: TIME_END_US, nowMs: clock.nowMs() });
  const categories = await warehouse.query<{ category: string; accesses: string; programs: string }>(CATEGORIES_SQL, { logId: source.logId });
  for (const { problem, name } of imports) if (problem !== null) out.problem(`${brief(name)}: ${problem.message}`);
  if (imports.some(({ problem, status }) => problem !== null || status === 'stopped')) context.fail();
  if (json) {
    out.json({ imports, report, accessesByCategory: categories.map((row) => ({ category: row.category, accesses: Number(row.accesses), programs: Number(row.programs) })) });
    return;
  }
  for (const one of imports) printImport(context, one);
  const rows = await warehouse.query<{ program: string; category: string; accesses: string; intercepted: string; would_intercept: string; found: string; reasons: string[] }>(WHO_TOOK_WHAT_SQL, { logId: source.logId, max: PROGRAMS_SHOWN_MAX });
  out.line();
  out.table(['category', 'accesses', 'programs'], categories.map((row) => [row.category, Number(row.accesses), Number(row.programs)]));
  out.line();
  out.table(
    ['program', 'category', 'accesses', 'intercepted', 'would be', 'with findings', 'found'],
    rows.map((row) => [brief(row.program, 40), row.category, Number(row.accesses), Number(row.intercepted), Number(row.would_intercept), Number(row.found), row.reasons.join(' ')]),
  );
  out.line();
  const [personal] = await warehouse.query<{ accesses: string; programs: string }>(PERSONAL_SQL, { logId: source.logId });
  const { intercepted, wouldHaveBeenIntercepted: would, quality } = report;
  const n = (value: number): string => value.toLocaleString('en-US');
  out.line(out.paint('bold', `${n(intercepted.attempts)} attempts intercepted, by ${n(intercepted.programs)} programs; ${n(would.attempts)} more by ${n(would.programs)} programs would have been`));
  out.line(`${n(Number(personal?.accesses ?? 0))} accesses to personal data, by ${n(Number(personal?.programs ?? 0))} programs`);
  out.line(`${n(report.accesses)} accesses judged and stored; ${n(quality.recordsRead)} records read, ${n(quality.duplicates)} duplicates, ${n(quality.rejected)} rejected; ${quality.complete ? 'complete' : out.paint('red', 'NOT complete')}`);
  if (quality.rejected > 0) out.note(`what was rejected, and why: ntk rejects list --data ${brief(system.folder.path)}`);
  out.note(`in ${(tookMs / 1000).toFixed(1)} s. Go on with: ntk report interceptions --data ${brief(system.folder.path)}; ntk explain --program PROGRAM --recompute --data ${brief(system.folder.path)}`);
}

const PROGRAMS_SHOWN_MAX = 40;

export function printImport({ out }: CliContext, one: ImportSummary): void {
  if (one.status === 'already_complete') {
    out.note(`${brief(one.name)}: imported before, nothing to do`);
    return;
  }
  const resumed = one.skipped > 0 ? `, ${one.skipped.toLocaleString('en-US')} were imported before` : '';
  const known = one.alreadyKnown > 0 ? `, ${one.alreadyKnown.toLocaleString('en-US')} known from other files` : '';
  out.note(`${brief(one.name)}: ${one.appended.toLocaleString('en-US')} of ${one.records.toLocaleString('en-US')} records appended${resumed}${known}`);
  for (const odd of one.odd) out.note(`  odd: ${brief(JSON.stringify(odd), 160)}`);
}
