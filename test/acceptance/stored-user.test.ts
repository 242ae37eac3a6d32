/** What a data folder stores of users is settled once: no command that lacks the setting changes it, or calls its rows wrong. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../services/platform/clock.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { environment } from '../environment.ts';
import { Desk, ntk, ntkOk, ONE_LINE_ERROR, ROOT, rowsOf } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000 });

const PLAIN = { env: { NTK_STORE_USER: 'plain' } };

let desk: Desk;
let data: string[];
let remembered: string;
beforeEach(() => {
  desk = new Desk();
  data = ['--data', desk.data];
  remembered = join(desk.data, 'stored-user');
});
afterEach(() => desk.clear());

const run = (id: string): string[] => ['run', ...data, '--input', desk.write(`${id}.ndjson`, ndjson(access({ id })))];
const users = async (): Promise<string[]> =>
  (await rowsOf<{ user: string }>(desk.data, 'SELECT user FROM ntk.access_results ORDER BY event_id')).map(({ user }) => user);

describe('a folder whose users are stored as they are', () => {
  test('is proved, repaired and explained without the setting', async () => {
    await ntkOk(run('a'), PLAIN);
    expect(statSync(remembered).mode & 0o777).toBe(0o600);
    expect((await ntkOk(['verify', ...data])).stdout).toContain('Proved');
    expect((await ntkOk(['repair', ...data])).stdout).toContain('removed 0 rows, inserted 0 rows');
    expect((await ntkOk(['explain', 'a', '--recompute', ...data])).stdout).toContain('Proved');
    expect(await users()).toEqual(['u1']);
  });

  test.each([['run'], ['up'], ['scorer']])('is not judged further by %s without it, which says what to do', async (command) => {
    await ntkOk(run('a'), PLAIN);
    const { code, stderr } = await ntk(command === 'run' ? run('b') : [command, ...data, '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain('stores users plain, and the configuration says hashed: set NTK_STORE_USER=plain');
    await ntkOk(run('b'), PLAIN);
    expect(await users()).toEqual(['u1', 'u1']);
  });
});

test('a key that comes through a pipe, which can be read once, is read once', async () => {
  const key = desk.write('key', 'sixteen bytes and more');
  const events = desk.write('a.ndjson', ndjson(access({ id: 'a' })));
  const ntkWithPipe = (...args: string[]): string =>
    execFileSync(
      'bash',
      ['-c', 'NTK_USER_KEY_FILE=<(cat "$1") "${@:2}"', '-', key, process.execPath, 'bin/ntk.mjs', ...args, ...data],
      {
        cwd: ROOT,
        env: environment(),
        encoding: 'utf8',
      },
    );
  ntkWithPipe('run', '--input', events);
  expect(ntkWithPipe('verify')).toContain('Proved');
});

describe('a folder of an earlier release, which remembers nothing', () => {
  beforeEach(async () => {
    await ntkOk(run('a'), PLAIN);
    rmSync(remembered);
    const log = await openSqliteLog({ path: join(desk.data, 'log.db'), create: false, clock: systemClock });
    for (let partition = 0; partition < log.partitions; partition++) {
      for await (const { key, value } of log.readKeyed('checkpoints', partition, 'manifest/')) {
        const { users: _, ...asBefore } = JSON.parse(value.toString('utf8')) as { users?: string };
        await log.commit({ puts: [{ stream: 'checkpoints', partition, key, value: Buffer.from(JSON.stringify(asBefore)) }] });
      }
    }
    await log.close();
  });

  test('is read as the configuration says, and remembers it with the next rows only', async () => {
    expect((await ntk(['verify', ...data])).code).toBe(1);
    expect((await ntk(['verify', ...data], PLAIN)).code).toBe(0);
    // Nothing of it is judged: that says nothing about its rows.
    await ntkOk(run('a'));
    expect(existsSync(remembered)).toBe(false);
    await ntkOk(run('b'), PLAIN);
    expect(readFileSync(remembered, 'utf8')).toBe('plain\n');
    expect((await ntkOk(['verify', ...data])).stdout).toContain('Proved');
  });
});

describe('a folder that has lost the key of its hashes', () => {
  test('is left alone by whoever would make other ones, which says so, and is proved when the key is back', async () => {
    await ntkOk(run('a'));
    const [file, before] = [join(desk.data, 'user-key'), await users()];
    const key = readFileSync(file);
    rmSync(file);
    for (const command of [['verify', ...data], ['repair', ...data], run('b')]) {
      const { code, stderr } = await ntk(command);
      expect(code).toBe(1);
      expect(stderr).toMatch(ONE_LINE_ERROR);
      expect(stderr).toContain('user-key is not there, and the rows of its folder have hashes of users; restore it');
    }
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, key, { mode: 0o600 });
    expect((await ntkOk(['verify', ...data])).stdout).toContain('Proved');
    expect(await users()).toEqual(before);
  });
});
