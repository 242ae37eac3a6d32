import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DraftFile } from '../../../services/platform/folder/draft-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-draft-'));
  path = join(folder, 'scores.csv');
  writeFileSync(path, 'before');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file written piece by piece takes the place of what was there when it is kept, not before', async () => {
  const file = (await DraftFile.open(path))!;
  await file.append('one\n');
  await file.append('two\n');
  expect(readFileSync(path, 'utf8')).toBe('before');
  await file.keep();
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(readdirSync(folder)).toEqual(['scores.csv']);
});

test('a file that is discarded leaves what was there, and nothing else', async () => {
  const file = (await DraftFile.open(path))!;
  await file.append('one\n');
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['scores.csv']);
});

test.each([0o600, 0o664])(
  'whoever may read and write what is replaced, %i, and nobody else, may do so with what comes',
  async (mode) => {
    chmodSync(path, mode);
    const file = (await DraftFile.open(path))!;
    await file.keep();
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['', mode]);
  },
);

test('a link stays one, and what it leads to is replaced', async () => {
  const link = join(folder, 'newest.csv');
  symlinkSync('scores.csv', link);
  const file = (await DraftFile.open(link))!;
  await file.append('one\n');
  await file.keep();
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('one\n');
  expect(readdirSync(folder).sort()).toEqual(['newest.csv', 'scores.csv']);
});

test('nothing comes in the place of a pipe, a device, a folder or standard output, whatever leads there', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [name, target] of [
    ['to-pipe', pipe],
    ['to-device', '/dev/null'],
    ['to-output', '/proc/self/fd/1'],
    ['to-folder', folder],
  ] as const) {
    symlinkSync(target, join(folder, name));
    expect(await DraftFile.open(join(folder, name))).toBeNull();
  }
  expect(await DraftFile.open(pipe)).toBeNull();
  expect(readdirSync(folder).sort()).toEqual(['pipe', 'scores.csv', 'to-device', 'to-folder', 'to-output', 'to-pipe']);
});
