/** Keys made, added, listed and revoked by command, and what a log that asks for signatures does with facts. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, rowsOf, withLog } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 240_000 });

const POLICY_P = 'version: "P"\nmodes: { default: enforce }\nactions: { undeclared_program: intercept }\n';
const POLICY_Q = 'version: "Q"\nmodes: { default: enforce }\nactions: { undeclared_program: throttle }\n';

interface KeyRow {
  readonly keyid: string;
  readonly state: string;
  readonly isRoot: boolean;
  readonly isInForce: boolean;
  readonly types: readonly string[] | null;
  readonly by: string;
  readonly at: string | null;
  readonly offset: number | null;
}

let desk: Desk;
let data: string[];
/** Of the scorer and of all commands. */
let env: Record<string, string>;
let root: string;
beforeEach(async () => {
  desk = new Desk();
  data = ['--data', desk.data];
  root = join(desk.path, 'root.key');
  await make('root.key');
  env = { NTK_AUTHORITY: 'signed', NTK_ROOT_KEYS_FILE: `${root}.pub` };
});
afterEach(() => desk.clear());

async function make(name: string): Promise<string> {
  return (await ntkOk(['keys', 'make', '--out', join(desk.path, name)])).stdout.trim();
}

async function run(file: string, content: string, ...more: string[]): Promise<void> {
  await ntkOk(['run', ...data, '--input', desk.write(file, content), ...more], { env });
}

async function keyRows(): Promise<KeyRow[]> {
  return (await ntkJson<{ keys: KeyRow[] }>(['keys', 'list', ...data], { env })).keys;
}

const standing = (id: string, state: string, time = new Date().toISOString()): string =>
  JSON.stringify({ specversion: '1.0', id, source: 'reviews', type: 'ntk.standing', subject: 'wx1', time, data: { state } });

async function rejects(): Promise<(string | undefined)[]> {
  return (await ntkJson<{ why?: string }[]>(['rejects', 'list', '--reason', 'unauthorised', ...data], { env })).map(
    ({ why }) => why,
  );
}

describe('keys make', () => {
  test('writes a private key for its owner alone and a public one beside it, and never overwrites', async () => {
    const file = join(desk.path, 'new.key');
    const keyid = await make('new.key');
    expect(keyid).toMatch(/^[0-9a-f]{32}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(readFileSync(`${file}.pub`, 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const before = readFileSync(file);
    const { code, stderr } = await ntk(['keys', 'make', '--out', file]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(readFileSync(file)).toEqual(before);
  });
});

describe('a log that asks for signatures', () => {
  test('is opened only with root keys, and says how to make one', async () => {
    const input = desk.write('a.ndjson', ndjson(access({ id: 'a' })));
    for (const file of [undefined, join(desk.path, 'nowhere'), root]) {
      const settings = { NTK_AUTHORITY: 'signed', ...(file === undefined ? {} : { NTK_ROOT_KEYS_FILE: file }) };
      const { code, stderr } = await ntk(['run', ...data, '--input', input], { env: settings });
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toContain(file === undefined ? 'ntk keys make --out root.key' : file);
    }
  });

  test('takes a policy only from a key in force; without one a command says so and appends nothing', async () => {
    await run('a.ndjson', ndjson(access({ id: 'a' })));
    const end = async (): Promise<number> => withLog(desk.data, async (log) => (await log.bounds('access', 0)).end);
    const before = await end();
    const p = desk.write('p.yaml', POLICY_P);
    await make('policy.key');
    const keyFile = join(desk.path, 'policy.key');
    const batch = ['run', ...data, '--policy', p, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b' })))];
    for (const [command, settings, message] of [
      [['policy', 'apply', p, ...data], env, /NTK_SIGNING_KEY_FILE=FILE/],
      [batch, { ...env, NTK_SIGNING_KEY_FILE: keyFile }, /may not sign ntk.policy in this log \(unknown_key\)/],
    ] as const) {
      const { code, stderr } = await ntk(command, { env: settings });
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toMatch(message);
    }
    expect(await end()).toBe(before);
    await ntkOk(['keys', 'add', `${keyFile}.pub`, '--types', 'ntk.policy', '--signing-key', root, ...data], { env });
    const signing = { env: { ...env, NTK_SIGNING_KEY_FILE: keyFile } };
    await ntkOk(['policy', 'apply', p, ...data], signing);
    await ntkOk(['policy', 'apply', desk.write('q.yaml', POLICY_Q), ...data], signing);
    await ntkOk(['policy', 'rollback', ...data], signing);
    await run('b.ndjson', ndjson(access({ id: 'b' })));
    const rows = await rowsOf<{ event_id: string; verdict: string }>(
      desk.data,
      'SELECT event_id, verdict FROM ntk.access_results FINAL ORDER BY event_id',
    );
    expect(rows.map(({ verdict }) => verdict)).toEqual(['allow', 'intercept']);
    expect((await ntk(['verify', ...data], { env })).code).toBe(0);
  });

  test('judges a run under its own signed policy', async () => {
    const signing = { env: { ...env, NTK_SIGNING_KEY_FILE: root } };
    const input = desk.write('a.ndjson', ndjson(access({ id: 'a' })));
    for (let i = 0; i < 2; i++)
      await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), '--input', input], signing);
    expect(await rowsOf(desk.data, 'SELECT verdict FROM ntk.access_results FINAL')).toEqual([{ verdict: 'intercept' }]);
    expect(await ntkJson(['policy', 'log', ...data], { env })).toMatchObject([{ version: 'P', refused: null }]);
    expect(await rejects()).toEqual([]);
  });

  test('shows what did not count among the policies and the rejects, and rolls back past it', async () => {
    const forged = JSON.stringify({
      specversion: '1.0',
      id: 'forged',
      source: 'host/bad',
      type: 'ntk.policy',
      subject: '*',
      time: new Date().toISOString(),
      data: { version: 'forged' },
    });
    const signing = { env: { ...env, NTK_SIGNING_KEY_FILE: root } };
    await run('a.ndjson', ndjson(access({ id: 'a' })));
    await ntkOk(['policy', 'apply', desk.write('p.yaml', POLICY_P), ...data], signing);
    await run('f.ndjson', ndjson(forged, access({ id: 'b' })));
    const entries = await ntkJson<{ version: string; refused: string | null }[]>(['policy', 'log', ...data], { env });
    expect(entries.map(({ version, refused }) => [version, refused])).toEqual([
      ['P', null],
      ['forged', 'unsigned'],
    ]);
    expect((await ntkOk(['policy', 'log', ...data], { env })).stdout).toMatch(
      /P.*in force from here[\s\S]*forged.*none: it carries no signature/,
    );
    expect((await ntkOk(['policy', 'apply', desk.write('p.yaml', POLICY_P), ...data], signing)).stderr).toContain(
      'is in force already',
    );
    expect((await ntk(['policy', 'rollback', ...data], signing)).stderr).toContain('there is no policy to go back to');
    // Each partition tells: an attempt on one alone must be seen.
    expect(await rejects()).toEqual(['unsigned', 'unsigned', 'unsigned', 'unsigned']);
    const [first] = await ntkJson<{ id: string }[]>(['rejects', 'list', '--reason', 'unauthorised', ...data], { env });
    expect((await ntkOk(['rejects', 'show', first!.id, ...data], { env })).stdout).toContain('it carries no signature');
    // Appending again all that can be read by now is no way in.
    expect((await ntkOk(['rejects', 'redrive', ...data], { env })).stderr).toContain('0 appended again, 4 still');
    expect((await ntk(['verify', ...data], { env })).code).toBe(0);
  });
});

describe('a key', () => {
  test('is added, used by a reviewer’s own tool, revoked, and listed at every step', async () => {
    await run('a.ndjson', ndjson(access({ id: 'a' })));
    const keyid = await make('reviewer.key');
    const reviewer = join(desk.path, 'reviewer.key');
    const { stdout } = await ntkOk(
      ['keys', 'add', `${reviewer}.pub`, '--types', 'ntk.standing', '--signing-key', root, ...data],
      { env },
    );
    expect(stdout.trim()).toBe(keyid);
    const sign = async (lines: string): Promise<string> =>
      (await ntkOk(['keys', 'sign', '--signing-key', reviewer], { input: lines })).stdout;
    const ban = await sign(ndjson(standing('s1', 'banned')));
    await run('s1.ndjson', ban + ndjson(access({ id: 'b' })));
    const { stderr } = await ntkOk(['keys', 'revoke', keyid, '--reason', 'laptop lost', '--signing-key', root, ...data], { env });
    expect(stderr).toContain('revoked from here on');
    const lift = await sign(ndjson(standing('s2', 'active')));
    await run('s2.ndjson', lift + ndjson(access({ id: 'c' })));
    const rows = await rowsOf<{ banned: number }>(
      desk.data,
      "SELECT has(reasons, 'program_banned') AS banned FROM ntk.access_results FINAL ORDER BY event_id",
    );
    expect(rows.map(({ banned }) => banned)).toEqual([0, 1, 1]);
    expect(await rejects()).toEqual(['revoked_key']);
    const [first, second] = await keyRows();
    expect(first).toMatchObject({ isRoot: true, isInForce: true, at: null, offset: null });
    expect(second).toMatchObject({ keyid, state: 'revoked', isInForce: false, types: ['ntk.standing'], reason: 'laptop lost' });
    expect(second!.by).not.toBe('');
    expect((await ntkOk(['keys', 'list', ...data], { env })).stdout).toMatch(new RegExp(`${keyid} +revoked +ntk.standing`));
  });

  test('is added and revoked by root keys only, and only where it has an effect', async () => {
    await run('a.ndjson', ndjson(access({ id: 'a' })));
    await make('reviewer.key');
    const reviewer = join(desk.path, 'reviewer.key');
    const refusals = [
      [['keys', 'add', `${reviewer}.pub`, '--signing-key', reviewer, ...data], env, /is no root key in force/],
      [['keys', 'add', `${reviewer}.pub`, ...data], env, /--signing-key FILE/],
      [['keys', 'add', `${reviewer}.pub`, '--signing-key', root, ...data], { NTK_AUTHORITY: 'open' }, /keys have no effect/],
      [['keys', 'add', `${reviewer}.pub`, '--types', 'ntk.consent', '--signing-key', root, ...data], env, /no fact of authority/],
      [['keys', 'revoke', 'f'.repeat(32), '--reason', 'x', '--signing-key', root, ...data], env, /names no key/],
      [['keys', 'revoke', 'abc', '--reason', 'x', '--signing-key', root, ...data], env, /is no key id/],
    ] as const;
    for (const [args, settings, message] of refusals) {
      const { code, stderr } = await ntk(args, { env: settings });
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toMatch(message);
    }
    expect(await keyRows()).toHaveLength(1);
  });

  test('whose file others can read is not used', async () => {
    chmodSync(root, 0o640);
    const { code, stderr } = await ntk(['keys', 'sign', '--signing-key', root], { input: ndjson(standing('s', 'banned')) });
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toContain(`chmod 600 ${root}`);
  });

  test('signs what openssl verifies, and says which lines it does not sign', async () => {
    const input = ndjson(standing('s', 'banned'), access({ id: 'a' }), '{"half":', standing('t', 'unheard'));
    const { code, stdout, stderr } = await ntk(['keys', 'sign', '--signing-key', root, '--log', 'L'], { input });
    expect(code).toBe(1);
    expect(stderr.match(/line \d+: [^:\n]+/g)).toEqual([
      'line 2: its type is none of those that are signed',
      'line 3: it is no JSON object',
      'line 4: it would be rejected as invalid_data',
    ]);
    const { sig, ...event } = JSON.parse(stdout) as { sig: string; logid: string };
    expect(event.logid).toBe('L');
    // Its members are plain, so that sorting the names by hand is canonical JSON.
    const sorted = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, member]) => [name, sorted(member)]),
          )
        : value;
    const message = desk.write('message', JSON.stringify(sorted(event)));
    const signature = desk.write('signature', Buffer.from(sig, 'base64'));
    const { stdout: said } = spawnSync(
      'openssl',
      ['pkeyutl', '-verify', '-pubin', '-inkey', `${root}.pub`, '-rawin', '-in', message, '-sigfile', signature],
      { encoding: 'utf8' },
    );
    expect(said).toContain('Signature Verified Successfully');
  });
});

test('a folder whose log asks for signatures is not opened by a command that forgot to say so', async () => {
  await run('a.ndjson', ndjson(access({ id: 'a' })));
  const { code, stderr } = await ntk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b' })))]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
  expect(stderr).toContain('NTK_AUTHORITY=signed');
  const { stdout } = await ntkOk(['verify', ...data]);
  expect(stdout).toContain('another NTK_AUTHORITY');
});

test('nobody publishes to such a log, or is told what counts in it, in a shell that forgot to say so', async () => {
  await run('a.ndjson', ndjson(access({ id: 'a' })));
  const policy = desk.write('policy.yaml', POLICY_P);
  const ends = async (): Promise<number> => withLog(desk.data, async (log) => (await log.bounds('access', 0)).end);
  const before = await ends();
  for (const command of [
    ['policy', 'apply', policy],
    ['policy', 'rollback'],
    ['policy', 'log'],
    ['keys', 'list'],
    ['keys', 'add', `${root}.pub`, '--signing-key', root],
  ]) {
    const { code, stdout, stderr } = await ntk([...command, ...data]);
    expect([command, code, stdout, stderr]).toEqual([command, 1, '', expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toContain('NTK_AUTHORITY=signed');
  }
  expect(await ends()).toBe(before);
  await ntkOk(['policy', 'apply', policy, ...data], { env: { NTK_AUTHORITY: 'open' } });
});
