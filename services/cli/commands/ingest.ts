/** `ntk ingest`: files into a running system, by its data folder or its URL. */
import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { BEHIND_MAX_US } from '../../domain/fold/fold.ts';
import { IMPORT_FORMATS } from '../../importers/formats.ts';
import { importFile, type ImportSummary } from '../../importers/import-file.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import { openInput, problemAtSight } from '../../importers/input/open-input.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import { type DataFolder, openFolder } from '../../platform/folder/data-folder.ts';
import { type Posted, postStream } from '../../platform/http/post-stream.ts';
import { isHeld, SCORER_LOCK } from '../../system/opening/folder-locks.ts';
import { isOnKafka } from '../../system/opening/open-log.ts';
import { openExistingLog } from '../../system/opening/store.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type LogFlags, logOptions, overridesOf, systemAt } from '../options.ts';
import { printImport, printProblems } from '../output/import-words.ts';
import type { Output } from '../output/output.ts';
import { brief } from '../output/terminal.ts';
import { storeFlags } from './start-words.ts';
import { splitInputName, UTC_OFFSET_WORDS, utcOffsetOf } from '../input-names.ts';

interface IngestFlags extends LogFlags {
  readonly format: string;
  readonly to?: string;
  readonly token?: string;
  readonly utcOffset?: string;
  readonly json?: boolean;
}

export function registerIngest(program: Command, context: CliContext): void {
  logOptions(program.command('ingest'))
    .argument('<file...>', 'files (plain, gzip, zstd) or - for standard input; FORMAT:FILE names the format of one')
    .description('import files into a running system; what cannot be read is rejected and reported, never the file')
    .option('--format <format>', `format of the files: ${IMPORT_FORMATS.join(', ')}`, 'cloudevents')
    .option('--utc-offset <offset>', UTC_OFFSET_WORDS, utcOffsetOf)
    .option('--to <url>', 'URL of the system; default: the one that runs on --data')
    .option('--token <token>', 'bearer token for --to; also NTK_TOKEN')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Imported records are judged by checks 1-8; limits and baselines are for what happens live. Times further back than 7 days are read as
7 days ago: for history use ntk run on a folder of its own.

Examples:
  ntk ingest declarations.ndjson
  ntk ingest --format apple-privacy-report report.ndjson
  ntk ingest events.ndjson.gz --to http://127.0.0.1:7077 --token "$NTK_TOKEN"`,
    )
    .action(async (files: string[], flags: IngestFlags) => {
      const coming = flags.to === undefined ? ingestHere(context, files, flags) : ingestThere(context, files, flags, flags.to);
      const summaries: ImportSummary[] = [];
      try {
        for await (const one of coming) summaries.push(one);
      } finally {
        // One that cannot be had takes nothing from those that came in before it.
        if (summaries.length > 0) printAll(context, summaries, flags);
      }
      if (summaries.some(({ problem, status }) => problem !== null || status === 'stopped')) context.fail();
    });
}

function printAll({ out, clock }: CliContext, summaries: readonly ImportSummary[], flags: IngestFlags): void {
  printProblems(out, summaries);
  if (flags.json) return out.json(summaries);
  for (const one of summaries) {
    printImport(out, one);
    printTooOld(out, one, clock.nowMs());
  }
  // Whoever scores the log says which those are, and it may not have come to them yet.
  if (summaries.some(({ appended }) => appended > 0)) out.note(`what cannot be read is rejected: ${rejectsOf(flags)}`);
}

/** Nothing else tells that a report of the month in which it happened does not have it. */
function printTooOld(out: Output, { earliestAccessUs: earliest }: ImportSummary, nowMs: number): void {
  if (earliest === undefined || earliest >= nowMs * 1000 - BEHIND_MAX_US) return;
  const said = `accesses of more than 7 days ago, such as ${new Date(earliest / 1000).toISOString()}, are taken as 7 days old; for history: ntk run on a folder of its own`;
  out.note(`  ${out.paint('yellow', said, out.errors)}`);
}

function rejectsOf({ to, data }: IngestFlags): string {
  return to === undefined ? `ntk rejects list${storeFlags(data)}` : `ntk rejects list, on the machine of ${brief(to)}`;
}

/** Into the log of the folder; whoever scores it takes it from there. */
async function* ingestHere(context: CliContext, files: readonly string[], flags: IngestFlags): AsyncGenerator<ImportSummary> {
  const { out, clock, signal } = context;
  const config = context.config(undefined, overridesOf(flags));
  const { folder, log } = await openForIngest({ ...config, clock }, flags.data);
  const bar = out.progress('importing', 'bytes');
  try {
    for (const name of files) {
      const { path, format } = splitInputName(name, flags.format);
      const input = await openInput(path, { spoolFolder: folder.spoolFolder, stdin: process.stdin, signal });
      if (isInputProblem(input)) throw new UserError(input.message);
      try {
        yield await importFile(log, input, {
          format,
          origin: ORIGIN.imported,
          startedWith: 'ingest',
          signal,
          ...(flags.utcOffset === undefined ? {} : { utcOffset: flags.utcOffset }),
          onProgress: ({ readBytes, sizeBytes }) => bar.update(readBytes, sizeBytes),
        });
      } finally {
        await input.close();
      }
    }
  } finally {
    bar.stop();
    await log.close();
  }
  if (!isOnKafka(config) && !isHeld(folder, SCORER_LOCK))
    out.note(
      `no system runs on ${brief(flags.data)}: the records are in its log and are judged as soon as one does (ntk up --data ${brief(flags.data)})`,
    );
}

/** With the log on Kafka the folder is only for what can be read once, and nothing is made for a log that is not there. */
async function openForIngest(
  config: Config & { readonly clock: Clock },
  data: string,
): Promise<{ folder: DataFolder; log: EventLog }> {
  if (!isOnKafka(config)) {
    const folder = openFolder(data, { create: false });
    return { folder, log: await openExistingLog(config, folder) };
  }
  const log = await openExistingLog(config, null);
  try {
    return { folder: openFolder(data, { create: true }), log };
  } catch (error) {
    await log.close();
    throw error;
  }
}

async function* ingestThere(
  context: CliContext,
  files: readonly string[],
  flags: IngestFlags,
  to: string,
): AsyncGenerator<ImportSummary> {
  const { url: system, token } = systemAt(to, flags.token ?? context.token);
  for (const name of files) {
    const { path, format } = splitInputName(name, flags.format);
    const query = { format, name: path, ...(flags.utcOffset === undefined ? {} : { utcOffset: flags.utcOffset }) };
    // What cannot be read is said before it is sent.
    const problem = await problemAtSight(path);
    if (problem !== null) throw new UserError(problem.message);
    const url = new URL(`/v1/imports?${new URLSearchParams(query).toString()}`, system);
    let posted: Posted;
    try {
      posted = await postStream({
        url,
        body: path === '-' ? process.stdin : createReadStream(path),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
        signal: context.signal,
      });
    } catch (error) {
      throw new UserError(`cannot send ${brief(path)} to ${brief(to)}: ${brief(messageOf(error), 120)}`);
    }
    const answer = answerOf(posted);
    if (posted.status !== 200 || answer === null || !('status' in answer)) {
      const said = answer === null || 'status' in answer ? undefined : (answer.message ?? answer.error);
      throw new UserError(`${brief(to)} refused ${brief(path)}: ${posted.status} ${brief(said ?? posted.statusText, 200)}`);
    }
    yield answer;
  }
}

type Refused = { readonly message?: string; readonly error?: string };

/** Null for what is no answer of such a system. */
function answerOf({ body }: Posted): ImportSummary | Refused | null {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' ? answer : null;
  } catch {
    return null;
  }
}

/** Of several addresses that were tried in vain the error as a whole has no words, but a code; OpenSSL has too many. */
function messageOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  if (message.includes('wrong version number')) return 'it does not speak TLS there; write http://';
  return message === '' ? code : message;
}
