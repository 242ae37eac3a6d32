/** `ntk run`: the main job, from files to judged, stored and summed up. */
import type { Command } from 'commander';
import { IMPORT_FORMATS } from '../../importers/formats.ts';
import { type Input, openInput, problemAtSight } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { aggregatedChunkRecords, batchAggregation } from '../../system/running/aggregate-batch.ts';
import { signerFrom } from '../../system/opening/authority.ts';
import { readScoringKeys } from '../../system/opening/process-keys.ts';
import { type BatchInput, importBatch } from '../../system/running/run-batch.ts';
import { openForeignSystem } from '../../system/opening/foreign-system.ts';
import { hasPolicyInForce } from '../../system/facts/policy-in-force.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { splitInputName, UTC_OFFSET_WORDS, utcOffsetOf } from '../input-names.ts';
import { dataOption } from '../options.ts';
import { printInterrupted } from '../output/import-words.ts';
import { loadPolicyFile } from './policy-file.ts';
import { summarise } from './run-summary.ts';

interface RunFlags {
  readonly data: string;
  readonly policy?: string;
  readonly input: readonly string[];
  readonly format: string;
  readonly json?: boolean;
  readonly utcOffset?: string;
}

export function registerRun(program: Command, context: CliContext): void {
  dataOption(program.command('run'))
    .description('judge files from end to end: append, score, store, sum up; the same files again change nothing')
    .option('--policy <file>', 'policy that is put in force first, unless it is already')
    .option(
      '--input <file...>',
      'files (plain, gzip, zstd) or - for standard input; FORMAT:FILE names the format of one; required',
    )
    .option('--format <format>', `format of the inputs: ${IMPORT_FORMATS.join(', ')}`, 'cloudevents')
    .option('--utc-offset <offset>', UTC_OFFSET_WORDS, utcOffsetOf)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  ntk run --data ./data --policy policy.yaml --input events.ndjson.gz
  ntk run --data ./week --policy policy.yaml --input declarations.ndjson apple-privacy-report:report.ndjson
  ntk run --data ./phone --policy policy.yaml --input android-appops:appops.txt --utc-offset +08:00
  ntk run --data ./wechat --policy policy.yaml --input wechat-declarations:manifests.ndjson events.ndjson
  zcat events.gz | ntk run --data ./data --policy policy.yaml --input -`,
    )
    .action(async ({ input, ...flags }: Omit<RunFlags, 'input'> & Partial<RunFlags>, command: Command) => {
      // Not a required option: commander would miss it before it says that an option is misspelt.
      if (input === undefined) command.error("error: required option '--input <file...>' not specified");
      await runBatchCommand(context, { ...flags, input });
    });
}

/** Before a folder is made. @throws UserError */
async function refuseAtSight({ input, format }: Pick<RunFlags, 'input' | 'format'>): Promise<void> {
  for (const name of input) {
    const problem = await problemAtSight(splitInputName(name, format).path);
    if (problem !== null) throw new UserError(problem.message);
  }
}

async function openInputs(
  names: readonly string[],
  format: string,
  options: { readonly spoolFolder: string; readonly signal: AbortSignal },
): Promise<BatchInput[]> {
  const inputs: BatchInput[] = [];
  for (const name of names) {
    const { path, format: itsFormat } = splitInputName(name, format);
    const input = await openInput(path, { ...options, stdin: process.stdin });
    if (isInputProblem(input)) {
      await closeInputs(inputs);
      throw new UserError(input.message);
    }
    inputs.push({ input, format: itsFormat });
  }
  return inputs;
}

async function closeInputs(inputs: readonly { readonly input: Input }[]): Promise<void> {
  for (const { input } of inputs) await input.close();
}

/** A batch is a folder of its own, whatever the environment says of a log on Kafka that scorers run on. */
function embedded(config: Config): Config {
  return { ...config, kafkaBrokers: null, assignment: 'all' };
}

/** Chunks that the importer may be ahead of the scorer, in records. */
const BACKLOG_RECORDS_MAX = 50_000;

async function runBatchCommand(context: CliContext, flags: RunFlags): Promise<void> {
  const { out, clock } = context;
  const policy = flags.policy === undefined ? null : await loadPolicyFile(flags.policy);
  const config = embedded(context.config());
  const keys = readScoringKeys(config);
  const { authority } = keys;
  const signer = signerFrom(config.signingKeyFile);
  await refuseAtSight(flags);
  const startedMs = clock.monotonicMs();
  // On a folder that a running system holds, that system does the work.
  const foreign = await openForeignSystem(flags.data, clock);
  const own = foreign === null ? await context.openBatch(flags.data, config, keys) : null;
  const system = (foreign ?? own)!;
  const isAggregating = own !== null && config.aggregator !== 'off';
  const aggregate = isAggregating ? batchAggregation({ system: own, authority, signer, clock }) : null;
  const bar = out.progress('importing', 'bytes');
  let inputs: BatchInput[] = [];
  try {
    inputs = await openInputs(flags.input, flags.format, { spoolFolder: system.spoolFolder, signal: context.signal });
    await system.start();
    const total = inputs.reduce((sum, { input }) => sum + input.sizeBytes, 0);
    let before = 0;
    const summary = await system.racing(
      importBatch({
        log: system.log,
        inputs,
        policy,
        authority,
        signer,
        by: context.userName,
        nowMs: clock.nowMs(),
        signal: context.signal,
        ...(aggregate === null ? {} : { chunkRecords: aggregatedChunkRecords }),
        ...(flags.utcOffset === undefined ? {} : { utcOffset: flags.utcOffset }),
        admit: async (records) => {
          await system.admit(BACKLOG_RECORDS_MAX);
          await aggregate?.(records);
        },
        onProgress: (_, { readBytes }) => bar.update(before + readBytes, total),
        onFinished: (input) => (before += input.sizeBytes),
      }),
    );
    bar.stop();
    await system.finished(context.signal);
    await system.stop();
    if (context.signal.aborted) {
      printInterrupted(
        out,
        summary.imports,
        inputs.map(({ input }) => input.readBytes / Math.max(1, input.sizeBytes)),
      );
      context.fail();
      return;
    }
    const isJson = flags.json ?? false;
    await summarise(context, system, {
      inputs: inputs.map(({ input }) => input),
      imports: summary.imports,
      policyAppended: summary.policyAppended,
      isJson,
      hasPolicy: isJson || policy !== null || (await hasPolicyInForce(system.log, authority)),
      tookMs: clock.monotonicMs() - startedMs,
    });
  } finally {
    bar.stop();
    await closeInputs(inputs);
    await system.close();
  }
}
