import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderError } from '../../../services/platform/folder/folder-error.ts';
import {
  makeToken,
  readSystemFile,
  removeSystemFile,
  type RunningSystem,
  writeSystemFile,
} from '../../../services/platform/folder/system.ts';

const SYSTEM: RunningSystem = {
  url: 'http://127.0.0.1:8080',
  token: 'A'.repeat(42) + 'E',
  pid: 123,
  startedAt: '2026-11-23T10:00:00.000Z',
};

describe('the file of the running system', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-system-'));
    file = join(folder, 'system.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('is read as it was written, by its owner only, and leaves nothing else behind', () => {
    expect(readSystemFile(file)).toBeNull();
    writeSystemFile(file, SYSTEM);
    expect(readSystemFile(file)).toEqual(SYSTEM);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['system.json']);
  });

  test.skipIf(!existsSync('/proc/self/fd'))('is written and read without a file left open', () => {
    const open = (): string[] =>
      readdirSync('/proc/self/fd')
        .map((fd) => join('/proc/self/fd', fd))
        // That of the folder of this list is gone by now.
        .flatMap((path) => (lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : readlinkSync(path)))
        .filter((path) => path.startsWith(folder));
    writeSystemFile(file, SYSTEM);
    expect(readSystemFile(file)).toEqual(SYSTEM);
    expect(open()).toEqual([]);
  });

  test('is replaced by that of a later system, whose file an earlier one does not remove', () => {
    writeSystemFile(file, SYSTEM);
    const later = { ...SYSTEM, token: makeToken(), pid: 456 };
    writeSystemFile(file, later);
    removeSystemFile(file, SYSTEM.token);
    expect(readSystemFile(file)).toEqual(later);
    removeSystemFile(file, later.token);
    removeSystemFile(file, later.token);
    expect(existsSync(file)).toBe(false);
  });

  test('holds a token of 32 random bytes', () => {
    const tokens = Array.from({ length: 20 }, () => makeToken());
    expect(new Set(tokens).size).toBe(20);
    for (const token of tokens) {
      expect(Buffer.from(token, 'base64url')).toHaveLength(32);
      writeSystemFile(file, { ...SYSTEM, token });
      expect(readSystemFile(file)?.token).toBe(token);
    }
  });

  test.each(['http://localhost:1', 'http://127.0.0.1:65535/', 'http://127.9.8.7:80443'.slice(0, -1), 'http://[::1]:9000'])(
    'may name %s',
    (url) => {
      writeSystemFile(file, { ...SYSTEM, url });
      expect(readSystemFile(file)?.url).toBe(url);
    },
  );

  test.each([
    'http://192.168.0.1:8080',
    'http://example.com:8080',
    'http://127.0.0.1.example.com:8080',
    'http://localhost.example.com:1',
    'http://127.0.0.1:8080@example.com',
    'http://127.0.0.1@example.com:8080',
    'http://user:secret@127.0.0.1:8080',
    'https://127.0.0.1:8080',
    'file:///etc/passwd',
    'http://127.0.0.1:8080/path',
    'http://127.0.0.1:8080/?a=b',
    'http://0.0.0.0:8080',
    'http://[::ffff:192.168.0.1]:8080',
    'http://127.0.0.1',
    'http://2130706433:8080',
    '',
    'nonsense',
  ])('is refused when it names %s', (url) => {
    writeFileSync(file, JSON.stringify({ ...SYSTEM, url }));
    expect(() => readSystemFile(file)).toThrow(/'url'/);
    expect(() => writeSystemFile(file, { ...SYSTEM, url })).toThrow('is no http URL of this machine');
  });

  test.each([
    ['no JSON', '{"url":'],
    ['nothing', ''],
    ['no object', '[]'],
    ['no token', JSON.stringify({ ...SYSTEM, token: undefined })],
    ['a short token', JSON.stringify({ ...SYSTEM, token: 'abc' })],
    ['a token that is no base64url', JSON.stringify({ ...SYSTEM, token: '\n'.repeat(43) })],
    ['no process', JSON.stringify({ ...SYSTEM, pid: 0 })],
    ['no time', JSON.stringify({ ...SYSTEM, startedAt: 'yesterday' })],
    ['more than it should', JSON.stringify({ ...SYSTEM, more: 1 })],
  ])('is refused in one line that keeps the token to itself when it holds %s', (_what, content) => {
    writeFileSync(file, content);
    let error: unknown;
    try {
      readSystemFile(file);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FolderError);
    const { code, message } = error as FolderError;
    expect(code).toBe('system_file_damaged');
    expect(message).toMatch(/^.*is not as the system writes it.*remove the file$/);
    expect(message).not.toContain(SYSTEM.token);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });
});
