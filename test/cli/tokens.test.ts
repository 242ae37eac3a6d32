import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { TokenBook } from '../../services/gateway/tokens/token-book.ts';
import { tryLock } from '../../services/platform/folder/lock.ts';
import { tokenDigest } from '../../services/platform/http/bearer.ts';
import { createLogger } from '../../services/platform/logger.ts';
import { ntkHere } from '../acceptance/in-process.ts';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR } from '../acceptance/ntk.ts';
import { TestClock } from '../gateway/test-clock.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('a file of tokens that is none', () => {
  it('is said to be none, and nothing is left beside it', async () => {
    const desk = new Desk();
    const none = join(desk.path, 'none.yaml');
    const revoked = await ntkHere(['tokens', 'revoke', 'ios', '--file', none]);
    expect([revoked.code, revoked.stderr]).toEqual([
      1,
      `error: there is no file of tokens '${none}'; ntk tokens make writes one\n`,
    ]);
    const made = await ntkHere(['tokens', 'make', 'ios', '--source', 'host/ios', '--file', `${desk.path}/.`]);
    expect([made.code, made.stderr]).toEqual([
      1,
      `error: ${desk.path}/. cannot be read (EISDIR, illegal operation on a directory)\n`,
    ]);
    expect(readdirSync(desk.path)).toEqual([]);
    expect(existsSync(`${desk.path}.lock`)).toBe(false);
    desk.clear();
  });
});

describe('a token for a source with a star before its end', () => {
  it('is not made: it would be for no source that is meant', async () => {
    const desk = new Desk();
    const file = join(desk.path, 'tokens.yaml');
    const { code, stderr } = await ntkHere(['tokens', 'make', 'ios', '--source', 'host/*', 'host/*-ios', '--file', file]);
    expect([code, stderr, existsSync(file)]).toEqual([
      1,
      "error: --source 'host/*-ios' would be that very source: * stands for others only at the end\n",
      false,
    ]);
    desk.clear();
  });
});

describe('ntk tokens', () => {
  const desk = new Desk();
  const file = join(desk.path, 'tokens.yaml');
  afterAll(() => desk.clear());
  const book = (): TokenBook =>
    new TokenBook({ file, systemToken: () => null, clock: new TestClock(), logger: createLogger({ level: 'silent' }) });

  it('makes a token that the gateway knows, prints it once and stores its digest, for the owner only', async () => {
    const { stdout, stderr } = await ntkOk([
      'tokens',
      'make',
      'ios',
      '--source',
      'host/ios',
      'host/ipad*',
      '--records-per-second',
      '2000',
      '--expires',
      '2099-01-01',
      '--file',
      file,
    ]);
    const token = stdout.trim();
    expect(token).toMatch(/^ntk_[\w-]{43}$/);
    expect(stderr).not.toContain(token);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(tokenDigest(token).toString('hex'));
    expect(text).not.toContain(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(book().find(`Bearer ${token}`)).toMatchObject({
      token: { name: 'ios', sources: ['host/ios', 'host/ipad*'], recordsPerSecond: 2000, expires: '2099-01-01T00:00:00.000Z' },
    });
  });

  it('lists and revokes', async () => {
    const { stdout } = await ntkOk(['tokens', 'make', 'desk', '--source', 'desk/*', '--type', 'ntk.standing'], {
      env: { NTK_GATEWAY_TOKENS_FILE: file },
    });
    expect(await ntkJson<unknown[]>(['tokens', 'list', '--file', file])).toMatchObject([
      { name: 'ios', isExpired: false },
      { name: 'desk', types: ['ntk.standing'], expires: null },
    ]);
    await ntkOk(['tokens', 'revoke', 'desk', '--file', file]);
    expect(book().find(`Bearer ${stdout.trim()}`)).toEqual({ refused: 'unknown' });
    expect(await ntkJson<unknown[]>(['tokens', 'list', '--file', file])).toHaveLength(1);
  });

  it.each([
    [['make', 'ios', '--source', 's'], /has a token 'ios' already/],
    [['make', 'new', '--source', 's', '--type', 'ntk.acess'], /did you mean 'ntk.access'/],
    [['make', 'two words', '--source', 's'], /give a name/],
    [['make', 'new', '--source', 's', '--expires', 'soon'], /--expires 'soon' is no date/],
    [['make', 'new', '--source', 's', '--expires', '2020-01-01'], /--expires '2020-01-01' is over/],
    [['make', 'new', '--source', 's', '--records-per-second', '1e3'], /'1e3' is no positive whole number/],
    [['revoke', 'nobody'], /has no token 'nobody'/],
  ])('says in one line what is wrong with %j, and changes nothing', async (args, says) => {
    const before = readFileSync(file, 'utf8');
    const { code, stdout, stderr } = await ntk(['tokens', ...args, '--file', file]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toMatch(says);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('does not touch a file that is broken, or that another command is changing', async () => {
    const broken = join(desk.path, 'broken.yaml');
    writeFileSync(broken, 'tokens:\n  - name: a\n');
    const make = (of: string): ReturnType<typeof ntk> => ntk(['tokens', 'make', 'x', '--source', 's', '--file', of]);
    expect((await make(broken)).stderr).toMatch(/broken\.yaml:2: .*\(and 1 more\)/);
    expect(readFileSync(broken, 'utf8')).toBe('tokens:\n  - name: a\n');
    const lock = tryLock(`${file}.lock`);
    if ('heldBy' in lock) throw new Error('held');
    expect((await make(file)).stderr).toContain('another command is changing');
    lock.release();
  });

  it('stops a system from starting on a file that is not right', async () => {
    const { code, stderr } = await ntk(['up', '--data', desk.data], {
      env: { NTK_GATEWAY_TOKENS_FILE: join(desk.path, 'none.yaml') },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toMatch(/none\.yaml cannot be read \(ENOENT, no such file or directory\)/);
  });
});
