import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderError } from '../../../services/platform/folder/folder-error.ts';
import { type HeldLock, tryLock } from '../../../services/platform/folder/lock.ts';

const CHILD = join(import.meta.dirname, 'hold-lock.ts');

describe('a lock', () => {
  let folder: string;
  let file: string;
  let child: ChildProcess | null = null;
  const locks: HeldLock[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-lock-'));
    file = join(folder, 'system.lock');
  });
  afterEach(async () => {
    for (const lock of locks.splice(0)) lock.release();
    if (child !== null) await kill(child);
    child = null;
    rmSync(folder, { recursive: true, force: true });
  });

  function take(command?: string): HeldLock {
    const lock = tryLock(file, command);
    if (!('release' in lock)) throw new Error('somebody else has the lock');
    locks.push(lock);
    return lock;
  }
  /** Starts a process that has the lock when this returns. */
  async function holder(): Promise<ChildProcess> {
    child = spawn(process.execPath, [CHILD, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(line.toString()).toBe('held\n');
    return child;
  }
  async function kill(running: ChildProcess): Promise<void> {
    running.kill('SIGKILL');
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
  }

  test('is held by one only, and free after its release', () => {
    const lock = take('ntk up');
    expect(tryLock(file)).toEqual({ heldBy: { pid: process.pid, command: 'ntk up' } });
    lock.release();
    lock.release();
    expect(existsSync(`${file}.holder.json`)).toBe(false);
    take();
  });

  test('is not hurt by a second release when somebody else has it', () => {
    const first = take();
    first.release();
    take('second');
    first.release();
    expect(tryLock(file)).toEqual({ heldBy: { pid: process.pid, command: 'second' } });
  });

  test('of another process is refused, with its process id and command', async () => {
    const { pid } = await holder();
    const refused = tryLock(file);
    expect(refused).toMatchObject({ heldBy: { pid } });
    expect('heldBy' in refused ? refused.heldBy?.command : null).toMatch(/^hold-lock \//);
  });

  test('is free when its holder was killed, and nobody is named for it', async () => {
    await kill(await holder());
    expect(existsSync(`${file}.holder.json`)).toBe(true);
    take('after');
    expect(tryLock(file)).toEqual({ heldBy: { pid: process.pid, command: 'after' } });
  });

  test('stays held while nothing refers to it any more', async () => {
    const { stdin, stdout } = spawn(
      process.execPath,
      [
        '--expose-gc',
        '--input-type=module',
        '--eval',
        `
        import { tryLock } from ${JSON.stringify(join(import.meta.dirname, '../../../services/platform/folder/lock.ts'))};
        tryLock(process.argv[1]);
        for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate); }
        const again = tryLock(process.argv[1]);
        process.stdout.write('release' in again ? 'free' : 'held');
      `,
        file,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    expect(stdin).toBeNull();
    expect((await stdout.toArray()).join('')).toBe('held');
  });

  test.each([
    ['is no JSON', 'not json'],
    ['is of another shape', '{"pid":"1","command":[]}'],
    ['names a process that is gone', JSON.stringify({ pid: 2 ** 30, command: 'ntk up' })],
    ['would write to a terminal', JSON.stringify({ pid: process.pid, command: '\u001b[2Jntk up' })],
  ])('names nobody when the file beside it %s', (_what, content) => {
    take();
    writeFileSync(`${file}.holder.json`, content);
    expect(tryLock(file)).toEqual({ heldBy: null });
  });

  test('names nobody when there is no file beside it', () => {
    take();
    rmSync(`${file}.holder.json`);
    expect(tryLock(file)).toEqual({ heldBy: null });
  });

  test('is told to others without control characters and not longer than a line', () => {
    take(`ntk\n\u0007up ${'x'.repeat(500)}`);
    const { command } = JSON.parse(readFileSync(`${file}.holder.json`, 'utf8')) as { command: string };
    expect(command).toMatch(/^ntk {2}up x+$/);
    expect(command).toHaveLength(200);
    expect(tryLock(file)).toEqual({ heldBy: { pid: process.pid, command } });
  });

  test('in a folder that is not there is refused in one line', () => {
    let error: unknown;
    try {
      tryLock(join(folder, 'none', 'system.lock'));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FolderError);
    expect(error).toMatchObject({
      code: 'lock_unusable',
      message: expect.stringMatching(/^cannot lock .*; check that this user may write there$/),
    });
  });
});
