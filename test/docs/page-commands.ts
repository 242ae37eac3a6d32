/**
 * Runs the commands of a page as they stand there, in a folder of their own with the checkout's `examples` and `policies`, and holds
 * what they print against what the page says.
 *
 * A block of `sh` has to succeed; words behind `sh` say more: `fails` (it has to fail), `server` (it runs until the page ends),
 * `eventually` (again until it prints what the page says), `kafka`, `device` and `elsewhere` (needs what is not here: blocks-elsewhere.test.ts). A block of
 * `text` directly below it has lines that it prints, in this order; white space counts once, and `…` is anything.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { environment } from '../environment.ts';
import { freePort } from '../free-ports.ts';
import { ROOT } from '../acceptance/ntk.ts';

const LAUNCHER = `${process.execPath} ${join(ROOT, 'bin/ntk.mjs')}`;
const COMMAND_MS_MAX = 120_000;
const EVENTUALLY_MS_MAX = 30_000;
const POLL_MS = 100;
/** The port that pages name. */
const PORT = '7077';
const NOT_RUN = ['kafka', 'device', 'elsewhere'];
const WORDS = ['fails', 'server', 'eventually', ...NOT_RUN];

export interface CommandBlock {
  readonly command: string;
  readonly words: readonly string[];
  /** Lines that it prints; empty where the page shows none. */
  readonly printed: readonly string[];
}

/** @throws Error for a word behind `sh` that nobody knows */
export function commandsOf(page: string): CommandBlock[] {
  return [...page.matchAll(/^```sh( [^\n]*)?\n([^]*?)^```\n(?:\n```text\n([^]*?)^```$)?/gm)].map(
    ([, info = '', command, text]) => {
      const words = info.split(' ').filter((word) => word !== '');
      for (const word of words) if (!WORDS.includes(word)) throw new Error(`'${word}' behind sh is none of ${WORDS.join(', ')}`);
      return { command: command!, words, printed: (text ?? '').split('\n').filter((line) => line.trim() !== '') };
    },
  );
}

/** The first of `lines` that `output` does not have behind the one before; undefined when it has them all. */
export function firstMissing(output: string, lines: readonly string[]): string | undefined {
  const printed = output.split('\n').map(onceSpaced);
  let at = 0;
  for (const line of lines) {
    const parts = onceSpaced(line)
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const wanted = new RegExp(parts.join('.*'));
    const found = printed.findIndex((one, i) => i >= at && wanted.test(one));
    if (found === -1) return line;
    at = found + 1;
  }
  return undefined;
}

function onceSpaced(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}

interface Ended {
  readonly code: number | null;
  /** Both streams, as they came. */
  readonly output: string;
}

export class PageRun {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ntk-page-'));
  readonly #servers: ChildProcess[] = [];
  #port = PORT;

  async open(): Promise<void> {
    for (const name of ['examples', 'policies']) symlinkSync(join(ROOT, name), join(this.#folder, name));
    this.#port = String(await freePort());
  }

  /** Runs every block of the page in its order. @throws Error with what a block printed when it is not as the page says */
  async run(page: string): Promise<void> {
    for (const block of commandsOf(page)) {
      if (block.words.some((word) => NOT_RUN.includes(word))) continue;
      if (block.words.includes('server')) await this.#serve(block.command);
      else if (block.words.includes('eventually')) await this.#eventually(block);
      else check(block, await this.#ended(block.command));
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const closed = new Promise((resolve) => server.once('close', resolve));
      process.kill(-server.pid!, 'SIGTERM');
      await closed;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** In a process group of its own: the shell and what it starts end together. */
  #spawn(command: string, stdio: 'ignore' | 'pipe'): ChildProcess {
    const asked = command.replaceAll('npx ntk', LAUNCHER).replaceAll(PORT, this.#port);
    return spawn('bash', ['-euo', 'pipefail', '-c', asked], { cwd: this.#folder, env: environment(), stdio, detached: true });
  }

  async #ended(command: string): Promise<Ended> {
    const child = this.#spawn(command, 'pipe');
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), COMMAND_MS_MAX);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    return { code, output: Buffer.concat(chunks).toString('utf8') };
  }

  /** Until it says where it runs. */
  async #serve(command: string): Promise<void> {
    const server = this.#spawn(command, 'ignore');
    this.#servers.push(server);
    const there = join(this.#folder, 'data/system.json');
    for (let waitedMs = 0; !existsSync(there); waitedMs += POLL_MS) {
      if (server.exitCode !== null || waitedMs > EVENTUALLY_MS_MAX) throw new Error(`it did not start: ${command}`);
      await pause(POLL_MS);
    }
  }

  async #eventually(block: CommandBlock): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const ended = await this.#ended(block.command);
      const isThere = ended.code === 0 && firstMissing(ended.output, block.printed) === undefined;
      if (isThere) return;
      if (waitedMs > EVENTUALLY_MS_MAX) check(block, ended);
      await pause(POLL_MS);
    }
  }
}

function check({ command, words, printed }: CommandBlock, { code, output }: Ended): void {
  if ((code !== 0) !== words.includes('fails')) throw new Error(`ended with ${code}:\n${command}\n${output}`);
  const missing = firstMissing(output, printed);
  if (missing !== undefined) throw new Error(`does not print '${missing}':\n${command}\n${output}`);
}

const FOLDERS = ['.', 'docs', 'docs/guides', 'docs/runbook', 'examples/ios-week', 'examples/wechat'];

/** Every page of the checkout. */
export function pagesOf(): string[] {
  return FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
}

/** A page of the checkout. */
export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
