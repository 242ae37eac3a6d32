/** Whoever writes into a pipe may never do so: a command that waits for its input ends when it is told to, and leaves nothing held. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { environment } from '../environment.ts';
import { Desk, ONE_LINE_ERROR, ntkOk, ROOT } from './ntk.ts';
import { access } from './records.ts';

vi.setConfig({ testTimeout: 60_000 });

/** One that does not end is killed after so long, milliseconds; one that does takes a tenth. */
const END_MS_MAX = 8_000;

let desk: Desk;
let pipe: string;
beforeEach(() => {
  desk = new Desk();
  pipe = join(desk.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
});
afterEach(() => desk.clear());

/** Has the file open that its input is copied into. */
function isWaiting({ pid }: ChildProcess): boolean {
  const folder = `/proc/${pid}/fd`;
  const nameOf = (fd: string): string => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      // Closed meanwhile.
      return '';
    }
  };
  return readdirSync(folder).some((fd) => nameOf(fd).includes('/spool-'));
}

test.each([
  ['SIGTERM', 'a pipe that nobody writes to', 'pipe', false],
  ['SIGTERM', 'a pipe whose writer is silent', 'pipe', true],
  ['SIGINT', 'standard input', '-', false],
] as const)('ntk run ends at %s while it waits for %s', async (signal, _what, input, hasWriter) => {
  const writer = hasWriter ? openSync(pipe, 'r+') : null;
  const path = input === '-' ? '-' : pipe;
  const child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), 'run', '--data', desk.data, '--input', path], {
    env: environment({}),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  await vi.waitFor(() => expect(isWaiting(child)).toBe(true), { timeout: 30_000 });
  child.kill(signal);
  const deadline = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
  const [code, endedBy] = await ended;
  clearTimeout(deadline);
  if (writer !== null) closeSync(writer);
  // By the signal where a thread still waits for the pipe.
  expect(code ?? endedBy).toBe(code === null ? signal : 1);
  expect(said).toMatch(ONE_LINE_ERROR);
  expect(said).toContain(`stopped before all of ${input === '-' ? 'standard input' : pipe} had come`);
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('in.ndjson', `${access({ id: 'a' })}\n`)]);
});
