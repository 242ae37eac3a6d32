/** `ntk report`: how many attempts were intercepted, by how many programs. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { closestTo } from '../../../schemas/policy/wording.ts';
import { reportPage } from '../../console/report/report-page.ts';
import { DraftFile } from '../../platform/folder/draft-file.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { certifiedReport } from '../../system/questions/certified-report.ts';
import { isOnKafka } from '../../system/opening/open-log.ts';
import { hasPolicyInForce } from '../../system/facts/policy-in-force.ts';
import { reportInterceptions, requireResults } from '../../system/questions/report.ts';
import type { Store } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOption, overridesOf, type StoreFlags, storeOptions } from '../options.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { type RangeFlags, rangeOf } from '../time-range.ts';
import { printReport } from './report-tables.ts';
import { noPolicyWords } from './start-words.ts';

interface ReportFlags extends StoreFlags, RangeFlags {
  readonly format: string;
  readonly output?: string;
}

export function registerReport(program: Command, context: CliContext): void {
  const report = program
    .command('report')
    .description('reports over what is stored')
    .addHelpText(
      'after',
      `
Without a name it is interceptions; its flags: ntk report interceptions --help

Examples:
  ntk report --data ./data
  ntk report interceptions --from 2026-03-01 --to 2026-04-01`,
    );
  jsonOption(storeOptions(report.command('interceptions', { isDefault: true })))
    // What is no report comes here as an argument of the default one.
    .allowExcessArguments()
    .description('attempts intercepted, by how many programs')
    .option('--from <time>', 'first event time, a date or RFC 3339; default: the beginning')
    .option('--to <time>', 'event time before which the report ends; default: the end')
    .option('--format <format>', 'table, json, csv, or html: a page by itself, to print or to hand over', 'table')
    .option('--output <file>', 'with --format html: write the page here instead of to standard output')
    .addHelpText(
      'after',
      `
Examples:
  ntk report interceptions --from 2026-03-01 --to 2026-04-01
  ntk report interceptions --data ./data --json
  ntk report interceptions --from 2026-03-01 --to 2026-04-01 --format html --output march.html
  ntk report interceptions --clickhouse http://reader@clickhouse:8123 --format csv > march.csv`,
    )
    .action(async (flags: ReportFlags, { args: [other] }: Command) => {
      if (other !== undefined) report.error(unknownReport(other));
      const range = rangeOf(flags);
      const format = flags.json ? 'json' : parseReportFormat(flags.format);
      if (flags.output !== undefined && format !== 'html')
        throw new UserError('--output goes with --format html; redirect the others: > FILE');
      const { out, clock, version } = context;
      await context.withStore(flags, async (store) => {
        await requireResults(store);
        const request = { ...range, nowMs: clock.nowMs() };
        if (format !== 'html') {
          printReport(out, await reportInterceptions(store, request), format);
          if (format === 'table') await sayIfNoPolicy(context, store, flags);
          return;
        }
        const certified = await certifiedReport(store, request, store.authority());
        await writePage(out, reportPage({ ...certified, version }), flags.output);
      });
    });
}

/** As commander says it of commands. */
function unknownReport(name: string): string {
  const meant = closestTo(name, ['interceptions']);
  return `error: unknown report '${name}'${meant === undefined ? '' : ` (Did you mean ${meant}?)`}`;
}

const REPORT_FORMATS = ['table', 'json', 'csv', 'html'] as const;
type ReportFormat = (typeof REPORT_FORMATS)[number];

/** @throws UserError that lists the formats */
function parseReportFormat(text: string): ReportFormat {
  const format = REPORT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new UserError(
    `--format '${brief(text, 20)}' is unknown: ${REPORT_FORMATS.slice(0, -1).join(', ')} or ${REPORT_FORMATS.at(-1)}`,
  );
}

/** Below figures that say that nothing was stopped. Not asked of a log on Kafka, which would be read for it. */
async function sayIfNoPolicy(context: CliContext, store: Store, flags: StoreFlags): Promise<void> {
  const { log } = store;
  if (log === null || isOnKafka(context.config(undefined, overridesOf(flags)))) return;
  if (!(await hasPolicyInForce(log, store.authority()))) context.out.line(noPolicyWords(flags.data));
}

async function writeWhole(file: string, page: string): Promise<void> {
  const draft = await DraftFile.open(file);
  // A device or a pipe, in whose place no file may come.
  if (draft === null) return writeFile(file, page);
  try {
    await draft.append(page);
    await draft.keep();
  } finally {
    await draft.discard();
  }
}

/** To a file, whose place it takes when it is whole, or to standard output where none is named. @throws UserError for a file that cannot be written */
async function writePage(out: Output, page: string, file: string | undefined): Promise<void> {
  if (file === undefined) return out.bytes([Buffer.from(page, 'utf8')]);
  try {
    await writeWhole(file, page);
  } catch (error) {
    const code = systemCodeInWords(error);
    throw new UserError(`cannot write ${brief(file)} (${code}); name another file with --output`, { cause: error });
  }
  out.note(`the report is in ${brief(file)}; open it in a browser, or print it`);
}
