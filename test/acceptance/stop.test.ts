/** SIGTERM ends a process whenever it comes: whoever sends it does not send it twice. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { NtkProcess } from '../crash/ntk-process.ts';
import { Desk, ntk } from './ntk.ts';

const TEST_MS_MAX = 60_000;
const POLL_MS = 2;

const desk = new Desk();
afterAll(() => desk.clear());

/** By how many entries its data folder has while it starts; the last one says that it runs. */
test.each([0, 2, 4, 6, 'all'] as const)(
  'ntk up that has made %s entries of its folder ends',
  async (entries) => {
    const data = join(desk.path, String(entries));
    mkdirSync(data);
    const { child, ended } = new NtkProcess(['up', '--data', data, '--port', '0'], {});
    const isThere = (): boolean =>
      entries === 'all' ? existsSync(join(data, 'system.json')) : readdirSync(data).length >= entries;
    while (!isThere() && child.exitCode === null) await pause(POLL_MS);
    child.kill('SIGTERM');
    const { code, signal } = await ended;
    // Nobody hears it before the sources are read; then it ends as every process does.
    expect(code ?? signal).toBe(code === null ? 'SIGTERM' : 0);
    expect(existsSync(join(data, 'system.json'))).toBe(false);
  },
  TEST_MS_MAX,
);

test(
  'a command that is done ends although something was left open, and its output is whole',
  async () => {
    const left = "data:text/javascript,import net from 'node:net'; net.createServer().listen(0, '127.0.0.1');";
    const { code, stdout } = await ntk(['policy', 'explain', '--help'], { env: { NODE_OPTIONS: `--import "${left}"` } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: [^]*\n$/);
  },
  TEST_MS_MAX,
);
