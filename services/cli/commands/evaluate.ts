/** `ntk evaluate`: how well alarms find labelled incidents, and how many are false. */
import { type Command, Option } from 'commander';
import type { Evaluation } from '../../../schemas/report/evaluation.ts';
import type { LabelledWorld } from '../../domain/evaluation/labels-file.ts';
import { type JudgedWorld, scoreWorlds } from '../../domain/evaluation/score-episodes.ts';
import { readAlarms, readLabelsFile, type StoredAlarms } from '../../system/questions/evaluate.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOption, type StoreFlags } from '../options.ts';
import { counted, countedAre, grouped } from '../../domain/wording/counted.ts';
import { brief } from '../output/terminal.ts';
import { evaluationCsv, printEvaluation } from './evaluation-tables.ts';

const FORMATS = ['table', 'json', 'csv'];
/** Label files that are pooled at most. */
const WORLDS_MAX = 1_000;

interface EvaluateFlags extends Omit<StoreFlags, 'data' | 'log'> {
  readonly data: string | readonly string[];
  readonly log?: readonly string[];
  readonly labels: readonly string[];
  readonly format: string;
}

export function registerEvaluate(program: Command, context: CliContext): void {
  jsonOption(program.command('evaluate'))
    .description('how well alarms find labelled incidents: recall, time to detection, false alarms')
    .requiredOption('--labels <file...>', 'labels.json of the traffic; several are pooled, each with its own data')
    .addOption(new Option('--data <dir...>', 'data folder of each label file').env('NTK_DATA').default('./data'))
    .option('--kafka <brokers>', 'log on Kafka, HOST:PORT,... (also: NTK_KAFKA_BROKERS)')
    .option('--clickhouse <url>', 'results on a ClickHouse server (also: NTK_CLICKHOUSE_URL)')
    .option('--log <id...>', 'which log of each label file, where the server has the results of several')
    .option('--format <format>', 'table, json or csv (every missed incident and false episode)', 'table')
    .addHelpText(
      'after',
      `
How each figure is defined: docs/evaluate.md.

Examples:
  ntk evaluate --labels made-up/labels.json --data made-up/data
  ntk evaluate --labels a/labels.json b/labels.json --data a/data b/data --json
  ntk evaluate --labels made-up/labels.json --clickhouse http://reader@clickhouse:8123`,
    )
    .action(async (flags: EvaluateFlags) => {
      const format = flags.json ? 'json' : flags.format;
      if (!FORMATS.includes(format)) throw new UserError(`--format '${brief(format, 20)}' is unknown: ${FORMATS.join(', ')}`);
      const stores = storesOf(flags);
      const labels = await Promise.all(flags.labels.map(readLabelsFile));
      const worlds: JudgedWorld[] = [];
      const stored: StoredAlarms[] = [];
      for (const [index, world] of labels.entries()) {
        const alarms = await context.withStore(stores[index]!, (store) => readAlarms(store, world));
        worlds.push({ labels: world, alarms: alarms.alarms, activeProgramDays: alarms.activeProgramDays });
        stored.push(alarms);
      }
      warn(context, flags.labels, labels, stored);
      const evaluation: Evaluation = { ...scoreWorlds(worlds), quality: qualityOf(stored) };
      if (format === 'json') context.out.json(evaluation);
      else if (format === 'csv') context.out.csv(evaluationCsv(evaluation));
      else printEvaluation(context.out, evaluation);
    });
}

/** The store of each label file. @throws UserError where they do not pair */
function storesOf({ labels, data, log, clickhouse, kafka }: EvaluateFlags): StoreFlags[] {
  if (labels.length > WORLDS_MAX)
    throw new UserError(`${labels.length} label files are more than ${WORLDS_MAX}: evaluate in parts`);
  const folders = typeof data === 'string' ? [data] : data;
  // On a server the logs tell worlds apart, and the folder only helps.
  const isByLog = clickhouse !== undefined || log !== undefined;
  const needed = isByLog ? { name: '--log', values: log ?? [undefined] } : { name: '--data', values: folders };
  if (needed.values.length !== labels.length) {
    throw new UserError(
      `${labels.length} label files and ${needed.values.length} of ${needed.name}: give one ${needed.name} for each, in the same order`,
    );
  }
  return labels.map((_, index) => ({
    data: folders[index] ?? folders[0]!,
    ...(clickhouse === undefined ? {} : { clickhouse }),
    ...(kafka === undefined ? {} : { kafka }),
    ...(log?.[index] === undefined ? {} : { log: log[index] }),
  }));
}

function warn(
  { out }: CliContext,
  names: readonly string[],
  labels: readonly LabelledWorld[],
  stored: readonly StoredAlarms[],
): void {
  for (const [index, { alarms, activeProgramDays, unwritten, unknownPrograms }] of stored.entries()) {
    const name = brief(names[index]!);
    const { programs, days } = labels[index]!;
    // A day that begins at another hour than UTC's touches one more.
    if (activeProgramDays > programs * Math.ceil(days + 1))
      out.note(
        `${name}: programs x days is ${grouped(programs * days)}, but there are accesses on ${counted(activeProgramDays, 'program-day')}: figures by programs x days are of less traffic than was judged`,
      );
    if (unwritten > 0)
      out.note(
        `${name}: ${countedAre(unwritten, 'record')} not judged and stored yet, what would be found there is missing here; ask again later`,
      );
    if (unknownPrograms.length > 0)
      out.note(
        `${name}: of ${counted(unknownPrograms.length, 'program')} with incidents no access is stored, such as ${brief(unknownPrograms[0]!)}`,
      );
    if (alarms.length === 0) out.note(`${name}: no result has a baseline reason; does the policy enable baselines?`);
  }
}

function qualityOf(stored: readonly StoredAlarms[]): Evaluation['quality'] {
  const unwritten = stored.reduce((sum, one) => sum + one.unwritten, 0);
  const gaps = stored.reduce((sum, one) => sum + one.gaps, 0);
  return { unwritten, gaps, complete: unwritten === 0 && gaps === 0 };
}
