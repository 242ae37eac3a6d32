import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFolder } from '../../../services/platform/folder/data-folder.ts';
import { FolderError } from '../../../services/platform/folder/folder-error.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../../../services/platform/folder/data-folder.ts'));
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a data folder', () => {
  let root: string;
  let path: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ntk-folder-'));
    path = join(root, 'a', 'data');
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function refusal(create: boolean): { code: string; message: string } {
    let error: unknown;
    try {
      openFolder(path, { create });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FolderError);
    const { code, message } = error as FolderError;
    expect(message).not.toMatch(/\n/);
    return { code, message };
  }

  test('is made with the folders above it, for its owner only', () => {
    const folder = openFolder(path, { create: true });
    expect(folder.path).toBe(path);
    expect(modeOf(path)).toBe(0o700);
    expect(modeOf(folder.clickhouseFolder)).toBe(0o700);
    expect(readdirSync(path)).toEqual(['clickhouse']);
    expect([folder.logFile, folder.clickhouseFolder, folder.systemFile, folder.lockFile('writer')]).toEqual(
      ['log.db', 'clickhouse', 'system.json', 'writer.lock'].map((name) => join(path, name)),
    );
  });

  test('that somebody made before has results and inputs that only their owner can read', () => {
    const own = ['clickhouse', 'spool'].map((name) => join(path, name));
    mkdirSync(path, { recursive: true, mode: 0o755 });
    for (const folder of own) mkdirSync(folder, { mode: 0o755 });
    openFolder(path, { create: true });
    expect(own.map(modeOf)).toEqual([0o700, 0o700]);
    expect(modeOf(path)).toBe(0o755);
  });

  test('is opened again as it is', () => {
    const key = openFolder(path, { create: true }).userKey();
    writeFileSync(join(path, 'log.db'), 'log');
    expect(openFolder(path, { create: true }).userKey()).toEqual(key);
    expect(openFolder(path, { create: false }).userKey()).toEqual(key);
    expect(readFileSync(join(path, 'log.db'), 'utf8')).toBe('log');
  });

  test('that is not there is not made unless that was asked for, and says how to', () => {
    const expected = {
      code: 'folder_missing',
      message: `there is no data folder at ${path}; make one with 'ntk run --data ${path} ...' or 'ntk up --data ${path}'`,
    };
    expect(refusal(false)).toEqual(expected);
    expect(existsSync(path)).toBe(false);
    mkdirSync(path, { recursive: true });
    expect(refusal(false)).toEqual(expected);
    // One whose log is on Kafka has none here.
    expect(openFolder(path, { create: false, holdsLog: false }).path).toBe(path);
  });

  test('that has lost its log is not said to be none', () => {
    openFolder(path, { create: true }).rememberStoredUser('hashed');
    expect(refusal(false)).toEqual({
      code: 'log_missing',
      message: `the data folder at ${path} has no log.db any more; restore it from a copy: what 'ntk run' or 'ntk up' begin there is another log, which proves nothing of the rows it has`,
    });
  });

  test.each([true, false])('that is a file, or lies in one, is refused (create: %s)', (create) => {
    path = join(root, 'file');
    writeFileSync(path, '');
    expect(refusal(create)).toEqual({
      code: 'folder_is_a_file',
      message: `${path} is a file, not a data folder; name another one`,
    });
    path = join(root, 'file', 'data');
    expect(refusal(create).code).toBe('folder_is_a_file');
  });

  test.each(['the folder', 'the folder that has all it needs', 'the folder above it'])(
    'is refused when %s may not be written to',
    (what) => {
      // As a user to whom nothing belongs, since root may write anywhere.
      chmodSync(root, 0o755);
      if (what === 'the folder above it') {
        chmodSync(root, 0o555);
      } else {
        mkdirSync(what === 'the folder' ? path : join(path, 'clickhouse'), { recursive: true });
        chmodSync(path, 0o555);
      }
      const script = `
      import { openFolder } from ${MODULE};
      try { openFolder(process.argv[1], { create: true }); } catch (error) { process.stdout.write(error.code + ': ' + error.message); }
    `;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, path], {
        encoding: 'utf8',
        cwd: '/',
        ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
      });
      chmodSync(root, 0o755);
      expect(stdout).toBe(
        `folder_not_writable: cannot write to the data folder at ${path}; check who owns it, or name another one`,
      );
    },
  );

  describe('remembers what its rows hold of users', () => {
    test('for good, for its owner only, and nothing where nobody said so', () => {
      const folder = openFolder(path, { create: true });
      expect(folder.storedUser()).toBe(null);
      expect(folder.rememberStoredUser('plain')).toBe('plain');
      expect(folder.rememberStoredUser('hashed')).toBe('plain');
      expect(openFolder(path, { create: true }).storedUser()).toBe('plain');
      expect(modeOf(join(path, 'stored-user'))).toBe(0o600);
    });

    test('and says so when that is damaged', () => {
      const folder = openFolder(path, { create: true });
      writeFileSync(join(path, 'stored-user'), 'both');
      expect(() => folder.storedUser()).toThrow(/^.*stored-user holds neither hashed nor plain; restore it from .*$/);
    });
  });

  describe('has a key for user ids', () => {
    test('of 32 random bytes that is made once, for its owner only', () => {
      const folder = openFolder(path, { create: true });
      const key = folder.userKey();
      expect(key).toHaveLength(32);
      expect(folder.userKey()).toEqual(key);
      expect(modeOf(join(path, 'user-key'))).toBe(0o600);
      expect(readdirSync(path).toSorted()).toEqual(['clickhouse', 'user-key']);
      path = join(root, 'other');
      expect(openFolder(path, { create: true }).userKey()).not.toEqual(key);
    });

    test('that is the same for all processes that ask at once', async () => {
      openFolder(path, { create: true });
      const script = `
        import { openFolder } from ${MODULE};
        process.stdout.write(openFolder(process.argv[1], { create: true }).userKey().toString('hex'));
      `;
      const keys = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const { stdout } = spawn(process.execPath, ['--input-type=module', '--eval', script, path], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          return (await stdout.toArray()).join('');
        }),
      );
      expect(new Set(keys)).toEqual(new Set([readFileSync(join(path, 'user-key')).toString('hex')]));
      expect(keys).toHaveLength(4);
    });

    test('that is not made again where rows have hashes of users', () => {
      const folder = openFolder(path, { create: true });
      folder.userKey();
      folder.rememberStoredUser('hashed');
      rmSync(join(path, 'user-key'));
      expect(() => folder.userKey()).toThrow(
        /^.*user-key is not there, and the rows of its folder have hashes of users; restore it from a copy of the data folder, or name the key with NTK_USER_KEY_FILE$/,
      );
      expect(existsSync(join(path, 'user-key'))).toBe(false);
    });

    test('that is made where rows hold users as they are: hashes may come later', () => {
      const folder = openFolder(path, { create: true });
      folder.rememberStoredUser('plain');
      expect(folder.userKey()).toHaveLength(32);
    });

    test.each([0, 31, 33])('that is refused when it has %d bytes, and is not made anew', (length) => {
      const folder = openFolder(path, { create: true });
      writeFileSync(join(path, 'user-key'), Buffer.alloc(length, 0x61));
      expect(() => folder.userKey()).toThrow(FolderError);
      expect(() => folder.userKey()).toThrow(/^.*user-key has not 32 bytes; restore it from a copy of the data folder: .*$/);
      expect(readFileSync(join(path, 'user-key'))).toHaveLength(length);
    });
  });
});
