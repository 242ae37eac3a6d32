import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const file = await DraftFile.open(path);
  await file.append('one\n');
  await file.append('two\n');
  expect(readFileSync(path, 'utf8')).toBe('before');
  await file.keep();
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(readdirSync(folder)).toEqual(['scores.csv']);
});

test('a file that is discarded leaves what was there, and nothing else', async () => {
  const file = await DraftFile.open(path);
  await file.append('one\n');
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['scores.csv']);
});
