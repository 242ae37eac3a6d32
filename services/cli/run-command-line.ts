/** One command line, from its words to the exit code of the process; mistakes are said in one line. */
import { userInfo } from 'node:os';
import { Command, CommanderError } from 'commander';
import { ENGINE_VERSION } from '../domain/engine.ts';
import { systemClock } from '../platform/clock.ts';
import type { Environment } from '../platform/config/environment.ts';
import { isExpected } from '../system/running/expected.ts';
import { createContext } from './create-context.ts';
import { settleEmptyOptions } from './empty-options.ts';
import type { Output } from './output/output.ts';
import { brief } from './output/terminal.ts';
import { registerCommands } from './register-commands.ts';
import packageJson from '../../package.json' with { type: 'json' };

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface CommandLineParts {
  readonly out: Output;
  readonly env: Environment;
  /** Asks the command for a clean end. */
  readonly signal: AbortSignal;
}

/** `argv`: the words behind `ntk`. Answers 0 for success, 1 for a command that failed, 2 for words that are no command. */
export async function runCommandLine(argv: readonly string[], { out, env, signal }: CommandLineParts): Promise<number> {
  const version = `${packageJson.version} (engine ${ENGINE_VERSION})`;
  const context = createContext({ out, clock: systemClock, env, signal, userName: userName(), version });
  const program = new Command('ntk')
    .description('Need to Know: judges every access of third-party programs to personal data, and proves its totals')
    .version(version)
    .configureOutput({
      outputError: (text) =>
        out.problem(
          `${brief(
            text
              .replace(/^error: /, '')
              .trim()
              .replaceAll('\n', ' '),
            1_000,
          )} (see --help)`,
        ),
    })
    .hook('preAction', (_, command) => settleEmptyOptions(command))
    .exitOverride();
  try {
    await registerCommands(program, context, argv);
    await program.parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (isExpected(error)) out.problem(brief(error.message, 1_000));
    else out.problem(unexpected(error, env.isDebug));
    return EXIT_FAILED;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in the user database: a container that runs under a number.
    return 'unknown';
  }
}

/** A bug: said as one, with its place only for who asks. */
function unexpected(error: unknown, isDebug: boolean): string {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return isDebug ? stack : `this should not happen, please report it: ${brief(message, 1_000)} (NTK_DEBUG=1 shows where)`;
}
