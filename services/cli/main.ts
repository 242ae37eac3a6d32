/** `ntk`: reads the command line, wires what the command needs, says mistakes in one line. */
import { userInfo } from 'node:os';
import { Command, CommanderError } from 'commander';
import { ENGINE_VERSION } from '../domain/engine.ts';
import { systemClock } from '../platform/clock.ts';
import { isExpected } from '../system/expected.ts';
import { createContext } from './create-context.ts';
import { settleEmptyOptions } from './empty-options.ts';
import { Output } from './output/output.ts';
import { brief } from './output/terminal.ts';
import { registerCommands } from './register-commands.ts';
import { environment } from '../platform/config/environment.ts';
import packageJson from '../../package.json' with { type: 'json' };

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** What is left to do when a command has ended: streams that are closed, threads that end. */
const END_MS = 2_000;

/** The signal that asked for a clean end. */
let stoppedBy: 'SIGINT' | 'SIGTERM' | null = null;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in the user database: a container that runs under a number.
    return 'unknown';
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const out = new Output();
  const stop = new AbortController();
  // The first signal asks for a clean end; the second one ends it the hard way.
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      stoppedBy = name;
      stop.abort();
    });
  const env = environment();
  const version = `${packageJson.version} (engine ${ENGINE_VERSION})`;
  const context = createContext({ out, clock: systemClock, env, signal: stop.signal, userName: userName(), version });
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

/** A bug: said as one, with its place only for who asks. */
function unexpected(error: unknown, isDebug: boolean): string {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return isDebug ? stack : `this should not happen, please report it: ${brief(message, 1_000)} (NTK_DEBUG=1 shows where)`;
}

/**
 * When all is done a process ends by itself, unless something was left open: the Kafka client has been seen to forget a connection that it was making when
 * it was told to stop. Then nobody waits for whatever ends a container that does not.
 */
function endWithin(ms: number): void {
  setTimeout(() => {
    // A slow reader still gets all of it.
    if (process.stdout.writableLength > 0 || process.stderr.writableLength > 0) endWithin(ms);
    // Leaving would wait for the thread that opens or reads a pipe nobody writes to; the signal itself does not.
    else if (isStopped()) process.kill(process.pid, stoppedBy!);
    else process.exit();
  }, ms).unref();
}

/** A command was told to stop and did not get to its end; all that it held is given back. */
function isStopped(): boolean {
  return stoppedBy !== null && process.exitCode !== 0;
}

const code = await main(process.argv.slice(2));
// It is set already where the output could not be written.
process.exitCode ??= code;
endWithin(END_MS);
