/**
 * A process that is measured: nothing else of the suite runs in it. It says when it is ready, begins when it is told to, so that several
 * can begin together, and prints what it found as one line of JSON (measured.ts is its side of it).
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import settings from '../../../bin/node-settings.json' with { type: 'json' };
import { environment } from '../../environment.ts';
import { CannotMeasure } from '../suite/benchmark.ts';
import { READY } from './measured.ts';

/** As `bin/ntk.mjs` starts processes; floors get them, too. */
export const MEMORY: Readonly<Record<string, string>> = settings.environment;
export const NODE_OPTIONS = [
  ...settings.flags,
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=TimeoutNegativeWarning',
];
/** Where `bin/ntk.mjs` keeps what is compiled, too: starting is not what is measured. */
const COMPILED = join(import.meta.dirname, '../../../node_modules/.cache/ntk');
const ERROR_CHARS_KEPT = 2_000;
const RUN_MS_MAX = 600_000;

export interface ProcessOptions {
  readonly file: string;
  readonly args?: readonly (string | number)[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of Node. */
  readonly flags?: readonly string[];
  /** Cores it may run on, by number. @default any */
  readonly cores?: readonly number[];
}

/** `taskset -c 0 COMMAND`. @throws CannotMeasure where processes cannot be given a core */
export function pinned(cores: readonly number[] | undefined, command: readonly string[]): readonly string[] {
  if (cores === undefined) return command;
  try {
    execFileSync('taskset', ['-c', cores.join(), 'true'], { stdio: 'ignore' });
  } catch {
    throw new CannotMeasure(`processes cannot be given cores ${cores.join()}: that needs taskset (util-linux) and so many cores`);
  }
  return ['taskset', '-c', cores.join(), ...command];
}

export class MeasuredProcess<Result> {
  readonly #file: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended: Promise<Result>;
  #errors = '';

  constructor({ file, args = [], env = {}, flags = [], cores }: ProcessOptions) {
    const command = pinned(cores, [process.execPath, ...NODE_OPTIONS, ...flags, file, ...args.map(String)]);
    this.#file = file;
    this.#child = spawn(command[0]!, command.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment({ NODE_COMPILE_CACHE: COMPILED, ...MEMORY, ...env }),
      timeout: RUN_MS_MAX,
    });
    // Whoever ended is told by its exit.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (piece: Buffer) => (this.#errors = (this.#errors + piece.toString()).slice(-ERROR_CHARS_KEPT)));
    this.#ended = this.#listen();
    // Told to whoever awaits the result.
    this.#ended.catch((error: unknown) => this.#ready.reject(error as Error));
    this.#ready.promise.catch(() => {});
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Lets it begin; answers what it measured. @throws Error with its last words when it failed */
  async result(): Promise<Result> {
    this.#child.stdin.write('go\n');
    return this.#ended;
  }

  /** Ends it, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #listen(): Promise<Result> {
    const closed = once(this.#child, 'close') as Promise<[number | null, string | null]>;
    let last = '';
    for await (const line of createInterface({ input: this.#child.stdout })) {
      if (line === READY) this.#ready.resolve();
      else last = line;
    }
    const [code, signal] = await closed;
    // Node shows a piece of its own source before it says what was wrong.
    const words = /^\w*Error\b.*$/m.exec(this.#errors)?.[0] ?? this.#errors.trim();
    if (code !== 0) throw new Error(`${this.#file} ended with ${code ?? signal}: ${words}`);
    return JSON.parse(last) as Result;
  }
}

/** Processes from their start to their end; all are ready before the first one begins. When one fails, none goes on. */
export async function measuredTogether<Result>(options: readonly ProcessOptions[]): Promise<Result[]> {
  const processes: MeasuredProcess<Result>[] = [];
  try {
    for (const each of options) processes.push(new MeasuredProcess<Result>(each));
    await Promise.all(processes.map((process) => process.ready()));
    return await Promise.all(processes.map((process) => process.result()));
  } catch (error) {
    for (const process of processes) process.kill();
    throw error;
  }
}

export async function measured<Result>(options: ProcessOptions): Promise<Result> {
  const [result] = await measuredTogether<Result>([options]);
  return result!;
}
