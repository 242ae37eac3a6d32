/** `ntk up`, and each of its roles as a process of its own: scorer, writer, gateway, aggregator. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, describeConfig } from '../../platform/config/load-config.ts';
import { RATE_MAX } from '../../simulator/live-source.ts';
import type { Role } from '../../system/opening/open-system.ts';
import { readFirstPolicy } from '../../system/facts/first-policy.ts';
import { hasDoors } from '../../system/opening/system-file.ts';
import type { PagesOptions } from '../../system/running/pages.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type LogFlags, logOptions, overridesOf } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { noPolicyWords, sayStarted, storeFlags } from './start-words.ts';

interface UpFlags extends LogFlags {
  readonly clickhouse?: string;
  readonly assignment?: string;
  readonly config?: string;
  readonly port?: string;
  readonly validate?: boolean;
  readonly simulate?: boolean;
  readonly simulator?: boolean;
  readonly rate?: string;
}

/** A scorer stands beside a writer on the same folder and machine, so its port is the next one. */
interface Form {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly portOffset: number;
  readonly description: string;
  /** Flags of the second example of its help. */
  readonly example: string;
}

const FORMS: readonly Form[] = [
  {
    name: 'up',
    roles: ['scorer', 'writer', 'gateway', 'aggregator'],
    portOffset: 0,
    description: 'everything in one process: take in, judge and store what hosts report, until stopped',
    example: '--data ./data',
  },
  {
    name: 'scorer',
    roles: ['scorer'],
    portOffset: 1,
    description: 'only the scorer: of a data folder, beside its writer; or one of several on Kafka',
    example: '--kafka broker-1:9092,broker-2:9092 --assignment group',
  },
  {
    name: 'writer',
    roles: ['writer'],
    portOffset: 0,
    description: 'only the writer: of a data folder, whose ClickHouse it holds; or one of several from Kafka to a server',
    example: '--kafka broker-1:9092 --clickhouse http://clickhouse:8123 --assignment 0/2',
  },
  {
    name: 'gateway',
    roles: ['gateway'],
    portOffset: 2,
    description: 'only the door for hosts: POST /v1/events into the log',
    example: '--kafka broker-1:9092 --port 7070',
  },
  {
    name: 'aggregator',
    roles: ['aggregator'],
    portOffset: 3,
    description:
      'only the aggregator: from the results of all partitions to what each is told of classes and fleets; one is enough',
    example: '--kafka broker-1:9092',
  },
];

/** Records a second: enough to see it move, little enough to leave running (60 MB an hour). */
const RATE_DEFAULT = 50;
const SIMULATION_SEED = 1;
const ROOT = join(import.meta.dirname, '../../..');
const DEFAULT_POLICY = join(ROOT, 'policies/default.yaml');

export function registerUp(program: Command, context: CliContext): void {
  for (const form of FORMS) {
    const { name, description, example } = form;
    const command = logOptions(program.command(name))
      .description(description)
      .option('--clickhouse <url>', 'results on a ClickHouse server (also: NTK_CLICKHOUSE_URL)')
      .option('--assignment <which>', 'partitions: all, group, or I/N for the I-th of N (also: NTK_ASSIGNMENT)')
      .option('--config <file>', 'configuration file (YAML or JSON); the environment (NTK_*) goes over it')
      .option('--port <port>', 'port of /metrics, /health and the doors, on loopback; 0 is any free one')
      .option('--validate', 'only check the configuration, print it and end')
      .addHelpText(
        'after',
        `
Examples:
  ntk ${name} ${example}
  ntk ${name} --config ntk.yaml --validate${name === 'up' ? '\n  ntk up --simulate --rate 200' : ''}`,
      )
      .action((flags: UpFlags, asked: Command) => {
        refuseWithoutSimulator(flags, asked);
        return run(context, flags, form);
      });
    if (name === 'up') simulatorOptions(command);
  }
}

function simulatorOptions(command: Command): void {
  command
    .option('--simulate', 'to look around: made-up programs as the host, and the default policy where there is none yet')
    .option('--no-simulator', 'with --simulate: as it would be, with hosts of your own')
    .option('--rate <n>', `with --simulate: made-up records a second`, String(RATE_DEFAULT));
}

/** Who forgets `--simulate` would wait for made-up records that never come. @throws UserError */
function refuseWithoutSimulator({ simulate }: UpFlags, asked: Command): void {
  if (simulate === true) return;
  for (const [option, name] of [
    ['rate', '--rate'],
    ['simulator', '--no-simulator'],
  ] as const)
    if (asked.getOptionValueSource(option) === 'cli') throw new UserError(`${name} goes with --simulate`);
}

/** @throws UserError */
function parseRate(text: string | undefined): number {
  const rate = Number(text ?? RATE_DEFAULT);
  if (Number.isInteger(rate) && rate >= 1 && rate <= RATE_MAX) return rate;
  throw new UserError(`--rate '${brief(text ?? '', 20)}' is no whole number from 1 to ${RATE_MAX}: records a second`);
}

async function run(context: CliContext, flags: UpFlags, form: Form): Promise<void> {
  const { roles, portOffset } = form;
  const { out, clock } = context;
  const base = context.config(flags.config, {
    ...(flags.port === undefined ? {} : { NTK_HTTP_PORT: flags.port }),
    ...overridesOf(flags),
    ...(flags.clickhouse === undefined ? {} : { NTK_CLICKHOUSE_URL: flags.clickhouse }),
    ...(flags.assignment === undefined ? {} : { NTK_ASSIGNMENT: flags.assignment }),
  });
  const isAsked = flags.port !== undefined || base.httpPort === 0;
  const config = { ...base, data: flags.data, httpPort: isAsked ? base.httpPort : base.httpPort + portOffset };
  const isLookingAround = flags.simulate === true;
  if (isLookingAround && config.kafkaBrokers !== null)
    throw new UserError('--simulate is for a data folder: made-up records do not belong into a log on Kafka');
  const rate = isLookingAround && flags.simulator !== false ? parseRate(flags.rate) : null;
  if (flags.validate) {
    for (const line of describeConfig(config)) out.line(line);
    return;
  }
  // Loaded only now: the HTTP server and the metrics are a third of what other commands would take to start.
  const [{ serve }, { createLogger }] = await Promise.all([
    import('../../system/running/serve.ts'),
    import('../../platform/logger.ts'),
  ]);
  const code = await serve({
    config,
    roles,
    clock,
    // Who looks around reads what is said to them; what runs unattended is read by machines.
    logger: createLogger({ level: isLookingAround && config.logLevel === 'info' ? 'warn' : config.logLevel }),
    version: context.version.split(' ', 1)[0]!,
    signal: context.signal,
    pages: hasPages(form) ? pagesOf(context, config) : null,
    firstPolicy: isLookingAround
      ? readFirstPolicy({ file: DEFAULT_POLICY, isEnforced: rate !== null, by: context.userName })
      : null,
    simulated: rate === null ? null : { rate, seed: SIMULATION_SEED },
    onReady: (url, { applied, hasPolicy }) => {
      if (isLookingAround) sayStarted(out, { url, data: flags.data, rate, applied, hasPolicy });
      else {
        out.note(readyLine(url, config, form));
        if (!hasPolicy) out.note(noPolicyWords(flags.data));
      }
    },
  });
  if (code !== 0) context.fail(code);
}

/** For people, of the process that has everything to show on them. */
function hasPages({ name }: Form): boolean {
  return name === 'up';
}

function pagesOf({ version }: CliContext, { data, kafkaBrokers }: Config): PagesOptions {
  const dataIn = kafkaBrokers === null ? `folder ${brief(data)}` : `Kafka at ${brief(kafkaBrokers)}`;
  return { version, docsFolder: join(ROOT, 'docs'), dataIn, storeFlags: storeFlags(data) };
}

function readyLine(url: string, config: Config, form: Form): string {
  const { data, kafkaBrokers } = config;
  const doors = hasDoors(config, form.roles) ? `; events to ${url}/v1/events with the token in ${brief(data)}/system.json` : '';
  const place = kafkaBrokers === null ? `data folder ${brief(data)}` : `Kafka at ${brief(kafkaBrokers)}`;
  const page = hasPages(form) ? `open ${url}/ in a browser; ` : '';
  return `running on ${place}: ${page}${url}/health ${url}/metrics${doors}; stop with Ctrl-C`;
}
