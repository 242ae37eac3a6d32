/** One process of a deployment: started, killed, frozen, started again with the folder it had. Ending by itself is noticed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const OUTPUT_CHARS_KEPT = 20_000;
const POLL_MS = 20;
const READY_MS_MAX = 240_000;
/** A process gives itself 25 s. */
const STOP_MS_MAX = 90_000;

export interface ServiceOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Everything that it says, of all its lives. */
  readonly outputFile: string;
  /** Where it says how it is reached, if it does. */
  readonly systemFile?: string;
}

export interface Door {
  readonly url: string;
  readonly token: string;
}

type State = 'stopped' | 'running' | 'frozen';

export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #state: State = 'stopped';
  #output = '';
  /** What it said when it ended though nobody had ended it. */
  readonly endedByItself: string[] = [];

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): State {
    return this.#state;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** What it said in this life. */
  get output(): string {
    return this.#output;
  }

  /** Does nothing while it runs: nobody would end the one before. */
  start(): void {
    if (this.#state !== 'stopped') return;
    const { command, env, outputFile, name } = this.#options;
    const [file, ...args] = command as [string, ...string[]];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    this.#state = 'running';
    this.#output = '';
    const hear = (piece: Buffer): void => {
      this.#output = (this.#output + piece.toString('utf8')).slice(-OUTPUT_CHARS_KEPT);
      appendFileSync(outputFile, piece);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    this.#exited = once(child, 'close');
    child.once('close', (code: number | null, signal: string | null) => {
      if (this.#child !== child || this.#state === 'stopped') return;
      this.#state = 'stopped';
      this.endedByItself.push(`${name} ended with ${code ?? signal}: ${this.#output.slice(-2_000)}`);
    });
  }

  async kill(): Promise<void> {
    this.#state = 'stopped';
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  freeze(): void {
    this.#state = 'frozen';
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    this.#child?.kill('SIGCONT');
  }

  /** SIGTERM, then its exit code. @throws Error when that does not end it */
  async stop(): Promise<number | null> {
    this.thaw();
    if (this.#state === 'stopped' || this.#child === null) return null;
    const child = this.#child;
    this.#state = 'stopped';
    child.kill('SIGTERM');
    const late = new AbortController();
    const isLate = pause(STOP_MS_MAX, true, { signal: late.signal }).catch(() => false);
    const hasEnded = this.#exited.then(() => false);
    if (await Promise.race([hasEnded, isLate])) {
      child.kill('SIGKILL');
      throw new Error(`${this.name} did not stop within ${STOP_MS_MAX} ms: ${this.#output.slice(-2_000)}`);
    }
    late.abort();
    return child.exitCode;
  }

  /** How the process that runs now is reached; a killed one leaves its file behind. */
  door(): Door | null {
    const { systemFile } = this.#options;
    if (this.#state === 'stopped' || systemFile === undefined || !existsSync(systemFile)) return null;
    const { url, token, pid } = JSON.parse(readFileSync(systemFile, 'utf8')) as Door & { pid: number };
    return pid === this.pid ? { url, token } : null;
  }

  /** `http://127.0.0.1:port`, as it says when it runs. */
  async url(): Promise<string> {
    await this.says(/http:\/\/127\.0\.0\.1:\d+(?=\/health)/);
    return /http:\/\/127\.0\.0\.1:\d+(?=\/health)/.exec(this.#output)![0];
  }

  async says(what: RegExp): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!what.test(this.#output)) {
      if (this.#state === 'stopped' || performance.now() > deadline)
        throw new Error(`${this.name} did not say ${what.source}: ${this.#output.slice(-2_000)}`);
      await pause(POLL_MS);
    }
  }
}
