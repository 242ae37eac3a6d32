/** A private key and its public one are there both, or neither. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeKeyFiles } from '../../../services/platform/keys/key-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ntk-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('where the public key cannot be written there is no private one that stands in the way of the next try', () => {
  const key = join(folder, 'root.key');
  symlinkSync('nowhere', `${key}.pub`);
  expect(makeKeyFiles(key)).toEqual({ problem: 'cannot be written (EEXIST, file already exists)' });
  expect(readdirSync(folder)).toEqual(['root.key.pub']);
  rmSync(`${key}.pub`);
  expect(makeKeyFiles(key)).toHaveProperty('publicKey');
  expect(readdirSync(folder)).toEqual(['root.key', 'root.key.pub']);
});
