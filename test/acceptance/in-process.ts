/**
 * The command line in the process of the test. Starting `ntk` costs half a second of processor each time; where a test asks a folder many
 * things, one after the other, only what makes the folder has to be a process of its own.
 */
import { Writable } from 'node:stream';
import { Output } from '../../services/cli/output/output.ts';
import { runCommandLine } from '../../services/cli/run-command-line.ts';

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function ntkHere(args: readonly string[]): Promise<Answer> {
  const [stdout, stderr] = [new Printed(), new Printed()];
  const code = await runCommandLine(args, {
    out: new Output(stdout as unknown as NodeJS.WriteStream, stderr as unknown as NodeJS.WriteStream),
    env: { token: undefined, isDebug: true },
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Of a command that has to succeed. @throws Error with what it said otherwise */
export async function ntkHereOk(args: readonly string[]): Promise<Answer> {
  const answer = await ntkHere(args);
  if (answer.code !== 0) throw new Error(`ntk ${args.join(' ')} ended with ${answer.code}:\n${answer.stderr}${answer.stdout}`);
  return answer;
}

/** What a command that has to succeed printed as JSON. */
export async function ntkHereJson<T>(args: readonly string[]): Promise<T> {
  return JSON.parse((await ntkHereOk([...args, '--json'])).stdout) as T;
}

class Printed extends Writable {
  readonly #pieces: Buffer[] = [];

  override _write(piece: Buffer, _: BufferEncoding, done: () => void): void {
    this.#pieces.push(piece);
    done();
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}
