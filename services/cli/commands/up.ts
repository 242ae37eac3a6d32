/** `ntk up`, and scorer and writer each on its own. */
import type { Command } from 'commander';
import { createLogger } from '../../platform/logger.ts';
import { describeConfig } from '../../platform/config/load-config.ts';
import type { Role } from '../../system/open-system.ts';
import { serve } from '../../system/serve.ts';
import type { CliContext } from '../context.ts';
import { dataOption } from '../options.ts';
import { brief } from '../output/terminal.ts';

interface UpFlags {
  readonly data: string;
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
}

const FORMS: readonly Form[] = [
  {
    name: 'up',
    roles: ['scorer', 'writer'],
    portOffset: 0,
    description: 'everything in one process on a data folder: judge and store what comes in, until stopped',
  },
  { name: 'scorer', roles: ['scorer'], portOffset: 1, description: 'only the scorer of a data folder; a writer runs beside it' },
  {
    name: 'writer',
    roles: ['writer'],
    portOffset: 0,
    description: 'only the writer of a data folder; it holds the embedded ClickHouse',
  },
];

export function registerUp(program: Command, context: CliContext): void {
  for (const { name, roles, portOffset, description } of FORMS) {
    dataOption(program.command(name))
      .description(description)
      .option('--config <file>', 'configuration file (YAML or JSON); the environment (NTK_*) goes over it')
      .option('--port <port>', 'port of /metrics, /health and the doors, on loopback; 0 is any free one')
      .option('--validate', 'only check the configuration, print it and end')
      .addHelpText(
        'after',
        `
Examples:
  ntk ${name} --data ./data
  ntk ${name} --config ntk.yaml --validate`,
      )
      .action((flags: UpFlags) => run(context, flags, roles, portOffset));
  }
}

async function run(context: CliContext, flags: UpFlags, roles: readonly Role[], portOffset: number): Promise<void> {
  const { out, clock } = context;
  const base = context.config(flags.config, flags.port === undefined ? {} : { NTK_HTTP_PORT: flags.port });
  const isAsked = flags.port !== undefined || base.httpPort === 0;
  const config = { ...base, data: flags.data, httpPort: isAsked ? base.httpPort : base.httpPort + portOffset };
  if (flags.validate) {
    for (const line of describeConfig(config)) out.line(line);
    return;
  }
  const logger = createLogger({ level: config.logLevel });
  const code = await serve({
    config,
    roles,
    clock,
    logger,
    onReady: (url) =>
      out.note(
        `running on data folder ${brief(flags.data)}: ${url}/health ${url}/metrics; events to ${url}/v1/events with the token in ${brief(flags.data)}/system.json; stop with Ctrl-C`,
      ),
  });
  if (code !== 0) context.fail(code);
}
