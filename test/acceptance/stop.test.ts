/** SIGTERM ends a process whenever it comes: whoever sends it does not send it twice. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { NtkProcess } from '../crash/ntk-process.ts';
import { Desk, ntk } from './ntk.ts';
import { access } from './records.ts';

const TEST_MS_MAX = 60_000;
const POLL_MS = 2;
/** Of a log that has some chunks of a long file, and is far from having all. */
const BYTES_BEFORE = 4 * 1024 * 1024;

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
  'ntk run that is interrupted says how far it came instead of figures, and the same command goes on to all of them',
  async () => {
    const records = 120_000;
    const lines = Array.from({ length: records }, (_, i) => access({ id: `a${i}`, subject: `wx${i % 100}` }));
    const data = join(desk.path, 'interrupted');
    mkdirSync(data);
    const args = [
      'run',
      '--data',
      data,
      '--input',
      desk.write('long.ndjson', lines.join('\n')),
      desk.write('later.ndjson', '{}\n'),
    ];
    const running = new NtkProcess(args, {});
    const logBytes = (): number =>
      ['log.db', 'log.db-wal'].reduce((sum, name) => sum + (statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0), 0);
    while (logBytes() < BYTES_BEFORE && running.child.exitCode === null) await pause(POLL_MS);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout.toString()]).toEqual([1, '']);
    expect(stderr).toMatch(/^long\.ndjson: \d+,\d+ records are in the log, at about \d+ % of the file$/m);
    expect(stderr).toContain('later.ndjson: not begun\n');
    expect(stderr).toMatch(/^error: interrupted: .*; the same command goes on where this one was\n$/m);
    expect(stderr).not.toContain('Go on with');
    const again = await ntk(args);
    expect(again.stderr).toMatch(/long\.ndjson: .* of 120,000 records appended, \d+,\d+ were imported before/);
    expect(again.stdout).toContain(
      '120,000 accesses judged and stored; 120,001 records read, 0 duplicates, 1 rejected; complete',
    );
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
