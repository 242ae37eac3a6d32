/** The real `ntk` as a process of its own, to be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '../environment.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The Node that runs the sources; the launcher stays in it, so that the process that is killed is the one that works. */
const NODE = join(ROOT, 'node_modules/.bin/node');
const LAUNCHER = join(ROOT, 'bin/ntk.mjs');

/** Small batches, checkpoints and groups: seconds hold as many transactions as hours do otherwise. Users plain: folders compare. */
export const SMALL_STEPS: Readonly<Record<string, string>> = {
  NTK_STORE_USER: 'plain',
  NTK_BATCH_RECORDS_MAX: '200',
  NTK_CHECKPOINT_RECORDS: '1000',
  NTK_CHECKPOINT_INTERVAL_MS: '1000',
  NTK_GROUP_ROWS_MAX: '1000',
  NTK_GROUP_WAIT_MS: '100',
};

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export class NtkProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = SMALL_STEPS) {
    const child = spawn(NODE, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment(env) });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => err.push(piece));
    this.child = child;
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: Buffer.concat(out),
      stderr: Buffer.concat(err).toString('utf8'),
    }));
  }

  /** Kills at a moment unless the process has ended by then. */
  async killedAfter(delayMs: number): Promise<Ended> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), delayMs);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }

  /** Kills when the log in `folder` was written to so many times, unless the process has ended by then. */
  async killedAtWrite(folder: string, writes: number): Promise<Ended> {
    const counter = new LogWrites(folder, (count) => {
      if (count >= writes) this.child.kill('SIGKILL');
    });
    const ended = await this.ended;
    counter.close();
    return ended;
  }
}

/** Counts writes to the log of a folder that is there; several in a row may count as one. */
export class LogWrites {
  count = 0;
  readonly #watcher: FSWatcher;

  constructor(folder: string, onWrite: (count: number) => void = () => {}) {
    this.#watcher = watch(folder, (_, name) => {
      if (name === 'log.db-wal') onWrite(++this.count);
    });
  }

  close(): void {
    this.#watcher.close();
  }
}

/** @throws Error with what it said when it does not end well */
export async function ntk(args: readonly string[], env: Readonly<Record<string, string>> = SMALL_STEPS): Promise<Buffer> {
  const { code, signal, stdout, stderr } = await new NtkProcess(args, env).ended;
  if (code !== 0)
    throw new Error(`ntk ${args[0]} ended with ${code ?? signal}: ${stderr}${stdout.subarray(-2_000).toString('utf8')}`);
  return stdout;
}
