/** `ntk drift`: what programs declare against what is in their code and what they called. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Drift } from '../../domain/drift/drift-report.ts';
import { openInput } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import { DRIFT_FORMATS, DriftReader } from '../../system/questions/drift.ts';
import { positionsNow, requireResults } from '../../system/questions/report.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { Store } from '../../system/opening/store.ts';
import { unwrittenButReviews } from '../../system/questions/review-history.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { splitFormat } from '../input-names.ts';
import { jsonOption, type StoreFlags, storeOptions } from '../options.ts';
import { oddInWords } from '../output/import-words.ts';
import { brief } from '../output/terminal.ts';
import { driftCsv, printDrift, printProgramDrift } from './drift-tables.ts';
import { counted, countedAre } from '../../domain/wording/counted.ts';

interface DriftFlags extends StoreFlags {
  readonly program?: string;
  readonly format: string;
}

const OUTPUT_FORMATS = ['table', 'json', 'csv'];

export function registerDrift(program: Command, context: CliContext): void {
  jsonOption(storeOptions(program.command('drift')))
    .argument('[file...]', `manifests (plain, gzip, zstd) or -; FORMAT:FILE for another format: ${DRIFT_FORMATS.join(', ')}`)
    .description('what programs declare against what is in their code, and against what they called')
    .option('--program <program>', 'only this program, every kind of data')
    .option('--format <format>', 'table, json or csv (a row for each program and kind of data)', 'table')
    .addHelpText(
      'after',
      `
Without a file the declarations are those of the log in --data. With files and --data (or --clickhouse) the calls in the results are
compared, too.

Examples:
  ntk drift examples/wechat/programs.ndjson
  ntk drift manifests.ndjson --data ./data --format csv > drift.csv
  ntk drift --data ./data --program wx1234567890abcdef`,
    )
    .action(async (files: string[], flags: DriftFlags, command: Command) => {
      const format = flags.json ? 'json' : flags.format;
      if (!OUTPUT_FORMATS.includes(format))
        throw new UserError(`--format '${brief(format, 20)}' is unknown: ${OUTPUT_FORMATS.join(', ')}`);
      const reader = new DriftReader();
      await readFiles(context, reader, files);
      // A folder that only stands in the environment is not asked for by who names a file.
      const wantsStore = ['data', 'clickhouse', 'kafka'].some((name) => command.getOptionValueSource(name) === 'cli');
      // Whatever was called would look undeclared.
      if (files.length > 0 && wantsStore && reader.declared === 0)
        throw new UserError(
          `no declaration could be read from ${files.map((name) => brief(name, 200)).join(' ')}: give manifests, or FORMAT:FILE for another format: ${DRIFT_FORMATS.join(', ')}`,
        );
      if (files.length === 0 || wantsStore) {
        await context.withStore(flags, async (store) => {
          await requireResults(store);
          if (files.length === 0) await reader.readLog(logOf(store));
          const unwritten = await unwrittenButReviews(store, await positionsNow(store));
          await reader.readCalls(store.warehouse, store.logId);
          if (unwritten > 0)
            context.out.note(
              `${countedAre(unwritten, 'record')} not judged and stored yet: what was called there is missing here; ask again later`,
            );
        });
      }
      print(context, reader.report(), flags.program, format);
    });
}

/** Without declarations every program would look as if it had none. @throws UserError when the log is not at hand */
function logOf({ log }: Store): EventLog {
  if (log !== null) return log;
  throw new UserError('declarations are in the log: give its data folder with --data DIR, or manifests as files');
}

async function readFiles(context: CliContext, reader: DriftReader, names: readonly string[]): Promise<void> {
  const { out } = context;
  const spoolFolder = mkdtempSync(join(tmpdir(), 'ntk-drift-'));
  try {
    for (const name of names) {
      const { path, format } = splitFormat(name, DRIFT_FORMATS);
      const input = await openInput(path, { spoolFolder, stdin: process.stdin, signal: context.signal });
      if (isInputProblem(input)) throw new UserError(input.message);
      try {
        const odd = await reader.readFile(input, format ?? 'wechat-declarations');
        for (const one of odd) out.note(`${brief(input.name)}: ${oddInWords(one)}`);
        if (input.problem !== null) throw new UserError(input.problem.message);
      } finally {
        await input.close();
      }
    }
  } finally {
    rmSync(spoolFolder, { recursive: true, force: true });
  }
}

function print({ out }: CliContext, { report, programs }: Drift, asked: string | undefined, format: string): void {
  if (report.programs === 0)
    throw new UserError('no program declares or calls anything here: give manifests, or the --data of a system that has some');
  const chosen = asked === undefined ? programs : programs.filter(({ program }) => program === asked);
  if (chosen.length === 0) {
    const near = programs.find(({ program }) => program.toLowerCase().includes(asked!.toLowerCase()));
    const hint = near === undefined ? '' : `; there is '${brief(near.program, 80)}'`;
    throw new UserError(`program '${brief(asked!, 80)}' is not among ${counted(programs.length, 'program')}${hint}`);
  }
  if (format === 'csv') out.csv(driftCsv(chosen));
  else if (format === 'json') out.json(asked === undefined ? report : chosen[0]);
  else if (asked === undefined) printDrift(out, report);
  else printProgramDrift(out, chosen[0]!);
}
