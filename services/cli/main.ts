/** `ntk` as a process: its signals, its exit code and its end. */
import { environment } from '../platform/config/environment.ts';
import { Output } from './output/output.ts';
import { runCommandLine } from './run-command-line.ts';

/** What is left to do when a command has ended: streams that are closed, threads that end. */
const END_MS = 2_000;

/** The signal that asked for a clean end. */
let stoppedBy: 'SIGINT' | 'SIGTERM' | null = null;

const stop = new AbortController();
// The first signal asks for a clean end; the second one ends it the hard way.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => {
    stoppedBy = name;
    stop.abort();
  });

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

const code = await runCommandLine(process.argv.slice(2), { out: new Output(), env: environment(), signal: stop.signal });
// It is set already where the output could not be written.
process.exitCode ??= code;
endWithin(END_MS);
