/** What a command says may have no reader any more, or no place on its disk. It still comes to its own end. */
import { spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { Desk, ntkOk, ROOT } from './ntk.ts';
import { access } from './records.ts';

const TEST_MS_MAX = 60_000;
const POLL_MS = 20;
/** A device on which there is never room; Linux has it. */
const FULL = '/dev/full';

const desk = new Desk();
afterAll(() => desk.clear());

type Whither = 'read' | 'unread' | 'full disk';

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

function start(args: readonly string[], to: { readonly stdout: Whither; readonly stderr: Whither }) {
  const full = existsSync(FULL) ? openSync(FULL, 'w') : null;
  const streamFor = (whither: Whither): number | 'pipe' => (whither === 'full disk' && full !== null ? full : 'pipe');
  const child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), ...args], {
    cwd: ROOT,
    env: environment({}),
    stdio: ['ignore', streamFor(to.stdout), streamFor(to.stderr)],
  });
  if (full !== null) closeSync(full);
  if (to.stdout === 'unread') child.stdout?.destroy();
  if (to.stderr === 'unread') child.stderr?.destroy();
  const said: Buffer[] = [];
  child.stdout?.resume();
  child.stderr?.on('data', (piece: Buffer) => said.push(piece));
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({ code, signal, stderr: Buffer.concat(said).toString('utf8') }),
  );
  return { child, ended };
}

function inputOf(name: string, records: number): string {
  return desk.write(name, Array.from({ length: records }, (_, i) => access({ id: `a${i}`, subject: `wx${i % 100}` })).join('\n'));
}

const RUN = ['run', '--policy', 'policies/default.yaml'];

test(
  'a command that nobody reads any more ends with what it came to, and leaves a folder that is proved',
  async () => {
    const data = join(desk.path, 'unread');
    const run = await start([...RUN, '--data', data, '--input', inputOf('well.ndjson', 3_000)], {
      stdout: 'unread',
      stderr: 'read',
    }).ended;
    expect(run).toMatchObject({ code: 0, signal: null });
    expect(run.stderr).toContain('well.ndjson: 3,000 of 3,000 records appended');
    const explained = ['explain', '--data', data, '--program', 'wx1', '--limit', '100'];
    expect(await start(explained, { stdout: 'unread', stderr: 'read' }).ended).toMatchObject({ code: 0, signal: null });
    const missing = ['explain', '--data', data, '--program', 'nobody'];
    expect(await start(missing, { stdout: 'unread', stderr: 'unread' }).ended).toMatchObject({ code: 1, signal: null });
    expect((await ntkOk(['verify', '--data', data])).stdout).toContain('Proved:');
  },
  TEST_MS_MAX,
);

test(
  'a query that has not ended ends when nobody reads it any more',
  async () => {
    await ntkOk([...RUN, '--data', desk.data, '--input', inputOf('few.ndjson', 10)]);
    const { child, ended } = start(['query', '--data', desk.data, '--format', 'TSV', 'SELECT number FROM numbers(1e15)'], {
      stdout: 'read',
      stderr: 'read',
    });
    child.stdout!.once('data', () => child.stdout!.destroy());
    expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
  },
  TEST_MS_MAX,
);

test.runIf(existsSync(FULL))(
  'output for which the disk has no room is said to be not all, and the command fails',
  async () => {
    const data = join(desk.path, 'full');
    const args = [...RUN, '--data', data, '--input', inputOf('much.ndjson', 3_000)];
    const { code, signal, stderr } = await start(args, { stdout: 'full disk', stderr: 'read' }).ended;
    expect([code, signal]).toEqual([1, null]);
    expect(stderr.split('\n').filter((line) => line.startsWith('error:'))).toEqual([
      'error: cannot write to standard output (ENOSPC); what it shows is not all',
    ]);
  },
  TEST_MS_MAX,
);

test.each<Whither>(existsSync(FULL) ? ['unread', 'full disk'] : ['unread'])(
  'a service goes on whose log can be written nowhere: %s',
  async (stderr) => {
    const data = join(desk.path, `service ${stderr}`);
    const { child, ended } = start(['up', '--data', data, '--port', '0'], { stdout: 'unread', stderr });
    const file = join(data, 'system.json');
    while (!existsSync(file) && child.exitCode === null) await pause(POLL_MS);
    const { url } = JSON.parse(readFileSync(file, 'utf8')) as { url: string };
    // Says what it does not like in its log.
    expect((await fetch(`${url}/v1/events`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, signal: null });
  },
  TEST_MS_MAX,
);
