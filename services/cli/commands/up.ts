/** `ntk up`, and scorer and writer each on its own. */
import type { Command } from 'commander';
import { createLogger } from '../../platform/logger.ts';
import { describeConfig } from '../../platform/config/load-config.ts';
import type { Role } from '../../system/open-system.ts';
import { serve } from '../../system/serve.ts';
import type { CliContext } from '../context.ts';
import { type LogFlags, logOptions, overridesOf } from '../options.ts';
import { brief } from '../output/terminal.ts';

interface UpFlags extends LogFlags {
  readonly clickhouse?: string;
  readonly assignment?: string;
  readonly config?: string;
  readonly port?: string;
  readonly validate?: boolean;
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
    roles: ['scorer', 'writer', 'gateway'],
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
];

export function registerUp(program: Command, context: CliContext): void {
  for (const { name, roles, portOffset, description, example } of FORMS) {
    logOptions(program.command(name))
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
  ntk ${name} --config ntk.yaml --validate`,
      )
      .action((flags: UpFlags) => run(context, flags, roles, portOffset));
  }
}

async function run(context: CliContext, flags: UpFlags, roles: readonly Role[], portOffset: number): Promise<void> {
  const { out, clock } = context;
  const base = context.config(flags.config, {
    ...(flags.port === undefined ? {} : { NTK_HTTP_PORT: flags.port }),
    ...overridesOf(flags),
    ...(flags.clickhouse === undefined ? {} : { NTK_CLICKHOUSE_URL: flags.clickhouse }),
    ...(flags.assignment === undefined ? {} : { NTK_ASSIGNMENT: flags.assignment }),
  });
  const isAsked = flags.port !== undefined || base.httpPort === 0;
  const config = { ...base, data: flags.data, httpPort: isAsked ? base.httpPort : base.httpPort + portOffset };
  if (flags.validate) {
    for (const line of describeConfig(config)) out.line(line);
    return;
  }
  const logger = createLogger({ level: config.logLevel });
  const hasDoors = config.kafkaBrokers === null || roles.includes('gateway');
  const doors = (url: string): string =>
    hasDoors ? `; events to ${url}/v1/events with the token in ${brief(flags.data)}/system.json` : '';
  const code = await serve({
    config,
    roles,
    clock,
    logger,
    signal: context.signal,
    onReady: (url) =>
      out.note(
        `running on ${config.kafkaBrokers === null ? `data folder ${brief(flags.data)}` : `Kafka at ${brief(config.kafkaBrokers)}`}: ${url}/health ${url}/metrics${doors(url)}; stop with Ctrl-C`,
      ),
  });
  if (code !== 0) context.fail(code);
}
