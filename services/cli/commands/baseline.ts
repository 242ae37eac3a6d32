/** `ntk baseline score`: the detector of series on a file; `ntk baseline hours` has its own file. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openInput } from '../../importers/input/open-input.ts';
import type { Input } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import { DraftFile } from '../../platform/folder/draft-file.ts';
import { systemCodeOf } from '../../platform/system-error.ts';
import { readSeries } from '../../series/read-series.ts';
import { scoreSeries, type SeriesSummary } from '../../series/score-series.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { registerBaselineHours } from './baseline-hours.ts';
import { jsonOptions } from '../options.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { counted, countedAre, verbOf, wereOf } from '../../domain/wording/counted.ts';

interface ScoreFlags {
  readonly input: string;
  readonly output: string;
  readonly json?: boolean;
}

export function registerBaseline(program: Command, context: CliContext): void {
  const baseline = program
    .command('baseline')
    .description('what is ordinary: the detector that judges series')
    .addHelpText(
      'after',
      `
Examples:
  ntk baseline hours wx1234567890abcdef --category photos
  ntk baseline score --input series.csv --output scores.csv`,
    );
  registerBaselineHours(baseline, context);
  jsonOptions(baseline.command('score'))
    .description('how odd each row of a series is, by the rows before it: 0 (ordinary) to 1')
    .requiredOption('--input <file>', 'CSV of timestamp,value (plain, gzip, zstd), or - for standard input')
    .requiredOption('--output <file>', 'CSV of timestamp,value,anomaly_score; made when all of it is scored')
    .addHelpText(
      'after',
      `
One configuration for every series, whatever its range and its step. The first rows are learned from and score little. After a row that
stands out others score 0 until one stands out more, or half a day has gone by: one event is told once.

Examples:
  ntk baseline score --input requests.csv --output scores.csv
  zcat sensor.csv.gz | ntk baseline score --input - --output scores.csv --json`,
    )
    .action(async (flags: ScoreFlags) => {
      if (flags.output === '-') throw new UserError(noFile(flags.output));
      if (placeOf(flags.input) !== null && placeOf(flags.input) === placeOf(flags.output))
        throw new UserError(`--output ${brief(flags.output)} is the input, which would be lost: name another file`);
      const spoolFolder = mkdtempSync(join(tmpdir(), 'ntk-series-'));
      try {
        const input = await openInput(flags.input, { spoolFolder, stdin: process.stdin, signal: context.signal });
        if (isInputProblem(input)) throw new UserError(input.message);
        try {
          const summary = await scoreInto(context, input, flags);
          if (summary === null) context.fail();
          else if (flags.json) context.out.json({ input: flags.input, output: flags.output, ...summary });
          else printSummary(context.out, summary, flags.output);
        } finally {
          await input.close();
        }
      } finally {
        rmSync(spoolFolder, { recursive: true, force: true });
      }
    });
}

/** Where a file really lies, whatever links lead to it; null when there is none. */
function placeOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Standard output would not be whole where a row cannot be scored, and the summary goes there. */
function noFile(path: string): string {
  return `--output '${brief(path)}' is no file: name one, which is made when all of it is scored`;
}

/** Null when it was stopped; nothing is at the output's place then that was not before. */
async function scoreInto({ out, signal }: CliContext, input: Input, flags: ScoreFlags): Promise<SeriesSummary | null> {
  const file = await DraftFile.open(flags.output).catch((error: unknown) => refuse(error, flags.output));
  if (file === null) throw new UserError(noFile(flags.output));
  const bar = out.progress('scoring', 'bytes');
  const write = async (text: string): Promise<void> => {
    bar.update(input.readBytes, input.sizeBytes);
    await file.append(text).catch((error: unknown) => refuse(error, flags.output));
  };
  try {
    const summary = await scoreSeries(readSeries(input.chunks()), write, signal);
    if (input.problem !== null) throw new UserError(input.problem.message);
    if (summary === 'stopped') return null;
    if ('message' in summary) throw new UserError(`${brief(input.name)}:${summary.line}: ${brief(summary.message, 300)}`);
    await file.keep().catch((error: unknown) => refuse(error, flags.output));
    return summary;
  } finally {
    bar.stop();
    await file.discard();
  }
}

/** @throws UserError for what the file system says, anything else as it is */
function refuse(error: unknown, path: string): never {
  const code = systemCodeOf(error);
  if (code === null) throw error;
  const reason =
    code === 'ENOENT'
      ? 'its folder is not there; make it first'
      : code === 'ENOTDIR'
        ? 'there is a file where its folder should be'
        : code === 'ENOSPC'
          ? 'no space is left there'
          : code;
  throw new UserError(`cannot write '${brief(path)}': ${reason}`);
}

function printSummary(out: Output, { rows, backwards, told, highest }: SeriesSummary, output: string): void {
  if (backwards > 0)
    out.note(`${countedAre(backwards, 'row')} earlier than the row above, and ${wereOf(backwards)} judged in place`);
  out.line(`${counted(rows, 'row')} scored, ${told} ${verbOf(told, 'stand')} out a little or more: ${brief(output)}`);
  if (highest.length === 0) return;
  out.table(
    ['highest', 'value', 'score'],
    highest.map(({ timestamp, value, score }) => [timestamp, String(value), score.toFixed(3)]),
  );
}
