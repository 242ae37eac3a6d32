/** The users of deploy/clickhouse/users.xml may do what our code does, all of it and nothing else, as the engine itself decides it. */
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { behindItsBack, ntk, ntkOk, ROOT, rowsOf } from '../acceptance/ntk.ts';
import { freePort } from '../free-ports.ts';
import { Service } from '../crash/kafka/service.ts';
import { environment } from '../environment.ts';
import { asUser, grantsOf, USERS, USERS_FILE } from './engine-user.ts';

const STORY_MS_MAX = 240_000;
const POLICY = join(ROOT, 'policies/default.yaml');
const STAND_IN = join(ROOT, 'test/crash/kafka/clickhouse-server.ts');

/** Two people's accesses, and that one of them is to be forgotten. */
const EVENTS = [
  { id: '1', type: 'ntk.access', subject: 'p1', data: { user: 'u1', api: 'wx.getLocation' } },
  { id: '2', type: 'ntk.access', subject: 'p1', data: { user: 'u2', api: 'wx.getLocation' } },
  { id: '3', type: 'ntk.erasure', subject: '*', data: { user: 'u1' } },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-users-'));
  const lines = EVENTS.map((event, i) =>
    JSON.stringify({ specversion: '1.0', source: 'host/a', time: `2026-03-01T10:00:0${i}Z`, ...event }),
  );
  writeFileSync(join(folder, 'events.ndjson'), `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const within = (name: string): string => join(folder, name);
const runOn = (data: string): string[] => ['run', '--data', data, '--policy', POLICY, '--input', within('events.ndjson')];
const run = (cwd: string, data: string): ReturnType<typeof ntk> => ntk(runOn(data), { cwd });

/** Each statement alone in an engine opened as this user with its profile: `null`, or why it was refused. */
function outcomes(user: (typeof USERS)[number], data: string, statements: readonly string[]): (string | null)[] {
  const cwd = within(`as-${user}`);
  asUser(cwd, user, { withProfile: true });
  const chdb = createRequire(import.meta.url).resolve('chdb');
  const script = `const { Session } = require(${JSON.stringify(chdb)}); const session = new Session(${JSON.stringify(data)});
process.stdout.write(JSON.stringify(${JSON.stringify(statements)}.map((sql) => { try { session.query(sql, 'TSV'); return null } catch (e) { return e.message } })))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '-e', script], { cwd, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as (string | null)[];
}

describe('the writer', () => {
  test(
    'makes the tables, stores rows and ledger, erases a person and repairs what was lost',
    async () => {
      const data = within('written');
      const cwd = within('writer');
      asUser(cwd, 'ntk_writer', { withProfile: true });
      expect(await run(cwd, data)).toMatchObject({ code: 0, stderr: expect.stringContaining('3 of 3 records appended') });
      expect(await rowsOf(data, 'SELECT toUInt8(count()) AS rows FROM ntk.access_results FINAL')).toEqual([{ rows: 1 }]);
      await behindItsBack(data, (warehouse) =>
        warehouse.command("ALTER TABLE ntk.access_results UPDATE program = 'other' WHERE 1 SETTINGS mutations_sync = 2"),
      );
      expect(await ntk(['verify', '--data', data])).toMatchObject({ code: 1 });
      const repaired = await ntk(['repair', '--data', data], { cwd });
      expect(repaired).toMatchObject({ code: 0 });
      expect(await ntk(['verify', '--data', data])).toMatchObject({ code: 0 });
    },
    STORY_MS_MAX,
  );

  const rights = grantsOf('ntk_writer').flatMap((grant) => {
    const [, names, on] = /^GRANT (.*) (ON .*)$/.exec(grant)!;
    return names!.split(', ').map((name) => ({ name, on: on! }));
  });

  test('is granted nothing by a wildcard, and nothing outside of database ntk', () => {
    expect(rights.length).toBeGreaterThan(5);
    expect(rights.filter(({ on }) => on !== 'ON ntk.*').map(({ name }) => name)).toEqual(['TABLE ENGINE']);
    expect(rights.filter(({ name }) => /^(?:ALL|ALTER|CREATE|DROP|TRUNCATE|SYSTEM|SOURCES)$/.test(name))).toEqual([]);
  });

  // The engine needs CREATE DATABASE to be opened at all, and asks for TABLE ENGINE only on a server.
  const needed = rights.filter(({ name }) => name !== 'CREATE DATABASE' && name !== 'TABLE ENGINE');
  test.each(needed)(
    'could not do its work without $name',
    async ({ name }) => {
      const cwd = within(`without ${name}`);
      const grants = rights.filter((right) => right.name !== name).map((right) => `GRANT ${right.name} ${right.on}`);
      asUser(cwd, 'ntk_writer', { withProfile: false, grants });
      const { code, stderr } = await run(cwd, join(cwd, 'data'));
      // Of an erasure only the code is told: the engine's words have the users in them.
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(`${name}|ACCESS_DENIED`) });
    },
    STORY_MS_MAX,
  );
});

describe('who only reads', () => {
  let data: string;
  beforeAll(async () => {
    data = within('read');
    await ntkOk(runOn(data));
  }, STORY_MS_MAX);

  test(
    'gets reports, queries, explanations and proofs',
    async () => {
      const cwd = within('reader');
      asUser(cwd, 'ntk_reader', { withProfile: false });
      const port = await freePort();
      const server = within('server');
      const standIn = new Service({
        name: 'clickhouse',
        // It has no option for its working folder.
        command: ['sh', '-c', `cd '${cwd}' && exec "$0" "$@"`, process.execPath, STAND_IN, server, String(port)],
        env: environment(),
        outputFile: within('clickhouse.log'),
      });
      // The stand-in keeps its tables in a folder of this name.
      cpSync(join(data, 'clickhouse'), join(server, 'clickhouse'), { recursive: true });
      standIn.start();
      try {
        await standIn.says(/ready/);
        const labels = within('labels.json');
        writeFileSync(labels, JSON.stringify({ programs: 1, days: 1, incidents: [] }));
        const store = ['--clickhouse', `http://127.0.0.1:${port}/clickhouse/`, '--data', data];
        for (const command of [
          ['report', 'interceptions'],
          ['query', 'SELECT count() FROM ntk.access_results FINAL'],
          ['explain', '--program', 'p1', '--recompute'],
          ['verify'],
          ['drift'],
          ['evaluate', '--labels', labels],
        ])
          expect({ command, ...(await ntk([...command, ...store])) }).toMatchObject({ command, code: 0 });
      } finally {
        await standIn.stop();
      }
    },
    STORY_MS_MAX,
  );

  const engine = (): string => join(data, 'clickhouse');
  const CHANGES = [
    'INSERT INTO ntk.migrations (version) VALUES (9)',
    "ALTER TABLE ntk.access_results DELETE WHERE program = 'p1'",
    "ALTER TABLE ntk.access_results UPDATE program = 'x' WHERE 1",
    'ALTER TABLE ntk.access_results ADD COLUMN x UInt8',
    'CREATE TABLE ntk.t (a UInt8) ENGINE = Memory',
  ];
  /** Nobody's of the three. */
  const NEVER = [
    'DROP TABLE ntk.access_results',
    'DROP DATABASE ntk',
    'TRUNCATE TABLE ntk.access_results',
    'RENAME TABLE ntk.access_results TO ntk.other',
    'OPTIMIZE TABLE ntk.access_results FINAL',
    'CREATE DATABASE other',
    "CREATE USER x IDENTIFIED WITH sha256_password BY 'y'",
    'GRANT SELECT ON ntk.* TO default',
    'SYSTEM STOP MERGES ntk.access_results',
    "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a UInt8')",
    "SELECT * FROM remote('127.0.0.1:9', 'system', 'one')",
    'SELECT * FROM system.users',
  ];

  test.each(['ntk_reader', 'ntk_grafana'] as const)('%s changes nothing', (user) => {
    const statements = [...CHANGES, ...NEVER];
    const allowed = statements.filter((_, i) => outcomesOnce(user, engine(), statements)[i] === null);
    expect(allowed).toEqual([]);
  });

  test('nor does the writer drop, empty, rename, or reach outside', () => {
    const allowed = NEVER.filter((_, i) => outcomesOnce('ntk_writer', engine(), NEVER)[i] === null);
    expect(allowed).toEqual([]);
  });

  test('the reader may make its own statement read-only, as ntk query does, and not lift its limits', () => {
    const [readOnly, memory, time] = outcomes('ntk_reader', engine(), [
      'SELECT count() FROM ntk.access_results SETTINGS readonly = 1',
      'SELECT 1 SETTINGS max_memory_usage = 8000000000',
      'SELECT 1 SETTINGS max_execution_time = 0',
    ]);
    expect(readOnly).toBeNull();
    expect(memory).toContain("shouldn't be greater than");
    expect(time).toContain("shouldn't be less than");
  });

  test('Grafana sees rows and ledger, nothing else, and changes no setting', () => {
    const [rows, ledger, migrations, setting] = outcomes('ntk_grafana', engine(), [
      'SELECT count() FROM ntk.access_results FINAL',
      'SELECT count() FROM ntk.blocks FINAL',
      'SELECT count() FROM ntk.migrations',
      'SELECT 1 SETTINGS max_memory_usage = 1',
    ]);
    expect([rows, ledger]).toEqual([null, null]);
    expect(migrations).toContain('Not enough privileges');
    expect(setting).toContain('in readonly mode');
  });

  /** The engine is opened once for all statements of a user. */
  const asked = new Map<string, (string | null)[]>();
  function outcomesOnce(user: (typeof USERS)[number], folderOfEngine: string, statements: readonly string[]): (string | null)[] {
    const known = asked.get(user) ?? outcomes(user, folderOfEngine, statements);
    asked.set(user, known);
    return known;
  }
});

test('there are three users, none without a password, and the one that the image brings is gone', () => {
  const users = readFileSync(USERS_FILE, 'utf8').replace(/^[^]*<users>/, '');
  expect([...users.matchAll(/^ {4}<(\w+)>/gm)].map(([, name]) => name)).toEqual(USERS);
  expect(users.match(/<password_sha256_hex from_env="NTK_\w+_PASSWORD_SHA256"\/>/g)).toHaveLength(USERS.length);
  expect(users).not.toMatch(/<password>|no_password|access_management/);
  expect(users).toContain('<default remove="remove"/>');
});
