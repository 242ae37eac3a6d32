/** deploy/prepare.mjs: passwords and keys that nobody else has, made once, and that our code accepts. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ntk, ROOT } from '../acceptance/ntk.ts';
import { envFile, prepare } from './compose-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-prepare-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secret = (...names: string[]): string => join(folder, 'secrets', ...names);
const files = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(join(folder, name)).isFile()).toSorted();
const contents = (): Map<string, string> => new Map(files().map((name) => [name, readFileSync(join(folder, name), 'base64')]));

describe('what is made', () => {
  test('differs from one deployment to the next, and is kept by a second call', () => {
    const other = mkdtempSync(join(tmpdir(), 'ntk-prepare-'));
    try {
      expect(prepare(folder)).toMatchObject({ code: 0, stderr: '' });
      const first = contents();
      expect(prepare(folder).stdout).toContain('made 0 files');
      expect(contents()).toEqual(first);
      expect(prepare(other).code).toBe(0);
      const same = [...first].filter(([name, text]) => readFileSync(join(other, name), 'base64') === text);
      expect(same.map(([name]) => name)).toEqual(['.env']);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  test('can be read by its owner only, from outside of the containers', () => {
    prepare(folder);
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    const open = files().filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0);
    // In the folder that only its owner enters: Grafana and Alertmanager have users of their own. `.env` holds two numbers.
    expect(open).toEqual([
      '.env',
      'secrets/alertmanager-webhook',
      'secrets/grafana-admin-password',
      'secrets/ntk-clickhouse-grafana-password',
    ]);
    const { NTK_UID, NTK_GID } = envFile(join(folder, '.env'));
    expect([NTK_UID, NTK_GID]).not.toContain('0');
    expect(statSync(secret('user.key')).uid).toBe(Number(NTK_UID));
    expect(statSync(secret('gateway', 'tokens.yaml')).gid).toBe(Number(NTK_GID));
  });

  test("belongs together: ClickHouse is given the digests of the others' passwords", () => {
    prepare(folder);
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(envFile(secret('clickhouse.env'))).toEqual({
      NTK_WRITER_PASSWORD_SHA256: digest(envFile(secret('writer.env'))['NTK_CLICKHOUSE_PASSWORD']!),
      NTK_READER_PASSWORD_SHA256: digest(envFile(secret('reader.env'))['NTK_CLICKHOUSE_PASSWORD']!),
      NTK_GRAFANA_PASSWORD_SHA256: digest(readFileSync(secret('ntk-clickhouse-grafana-password'), 'utf8')),
    });
    // Each is named in the users' file.
    const users = readFileSync(join(ROOT, 'deploy/clickhouse/users.xml'), 'utf8');
    for (const name of Object.keys(envFile(secret('clickhouse.env')))) expect(users).toContain(`from_env="${name}"`);
    for (const name of ['writer.env', 'reader.env']) expect(users).toContain(`<${envFile(secret(name))['NTK_CLICKHOUSE_USER']}>`);
  });

  test('is accepted: the keys by the scorer, the tokens by the gateway', async () => {
    prepare(folder);
    const tokens = await ntk(['tokens', 'list', '--file', secret('gateway', 'tokens.yaml'), '--json']);
    expect(JSON.parse(tokens.stdout)).toEqual([expect.objectContaining({ name: 'simulator', sources: ['host/simulated-*'] })]);
    expect(readFileSync(secret('gateway', 'tokens.yaml'), 'utf8')).toContain(
      createHash('sha256')
        .update(envFile(secret('simulator.env'))['NTK_TOKEN']!)
        .digest('hex'),
    );
    const data = join(folder, 'data');
    const policy = join(ROOT, 'policies/default.yaml');
    const env = {
      NTK_AUTHORITY: 'signed',
      NTK_ROOT_KEYS_FILE: secret('keys', 'root.key.pub'),
      NTK_USER_KEY_FILE: secret('user.key'),
      NTK_SIGNING_KEY_FILE: secret('keys', 'root.key'),
    };
    const event = {
      specversion: '1.0',
      id: '1',
      source: 'host/a',
      type: 'ntk.access',
      subject: 'p',
      time: '2026-03-01T10:00:00Z',
    };
    const input = `${JSON.stringify({ ...event, data: { user: 'u', api: 'wx.getLocation' } })}\n`;
    expect(await ntk(['run', '--data', data, '--policy', policy, '--input', '-'], { env, input })).toMatchObject({ code: 0 });
    const log = await ntk(['policy', 'log', '--data', data, '--json'], { env });
    expect(log.stdout).toContain('"hash"');
    expect(log.stdout).not.toContain('unauthorised');
    // As docs/deploy.md has it: the aggregator may sign what it says, and nothing else.
    const add = ['keys', 'add', secret('keys', 'aggregator.key.pub'), '--types', 'ntk.prior', '--data', data];
    const { code, stdout } = await ntk([...add, '--signing-key', secret('keys', 'root.key')], { env });
    expect(code).toBe(0);
    const keys = await ntk(['keys', 'list', '--data', data, '--json'], { env });
    const added = expect.objectContaining({ keyid: stdout.trim(), types: ['ntk.prior'], isInForce: true });
    expect(JSON.parse(keys.stdout)).toMatchObject({ keys: expect.arrayContaining([added]) });
  });
});

test('half of what belongs together is a mistake that is said, not one that is made whole with another password', () => {
  prepare(folder);
  const before = readFileSync(secret('writer.env'), 'utf8');
  unlinkSync(secret('clickhouse.env'));
  const { code, stderr } = prepare(folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: \S+clickhouse\.env is missing and belongs to [^\n]+\n$/);
  expect(readFileSync(secret('writer.env'), 'utf8')).toBe(before);
});

test('a folder that cannot be written is one line', () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const { code, stderr } = prepare(file);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: \S+ cannot be written \(ENOTDIR\)\n$/);
});
