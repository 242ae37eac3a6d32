import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/check-schemas.ts');

const GENERATOR = `
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { NAMES } from './names.ts';
rmSync('schemas/json', { recursive: true, force: true });
mkdirSync('schemas/json');
for (const name of NAMES) writeFileSync('schemas/json/' + name + '.json', JSON.stringify(name));
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ntk-house-'));
  mkdirSync(join(root, 'schemas/json'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'schemas/generate.ts'), GENERATOR);
  writeFileSync(join(root, 'schemas/names.ts'), "export const NAMES: readonly string[] = ['access'];\n");
  writeFileSync(join(root, 'schemas/json/access.json'), '"access"');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function check(): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
}

test('generated files that say what their sources say pass', () => {
  expect(check()).toMatchObject({ status: 0, stdout: 'schemas: up to date\n' });
});

test('a source that changed since is reported file by file, and nothing is written', () => {
  writeFileSync(join(root, 'schemas/names.ts'), "export const NAMES = ['access', 'consent'];\n");
  writeFileSync(join(root, 'schemas/json/access.json'), '"acess"');
  writeFileSync(join(root, 'schemas/json/standing.json'), '"standing"');
  const { status, stdout } = check();
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'schemas/json/access.json: out of date',
    'schemas/json/consent.json: missing',
    'schemas/json/standing.json: no longer generated',
  ]);
  expect(status).toBe(1);
  expect(readFileSync(join(root, 'schemas/json/access.json'), 'utf8')).toBe('"acess"');
});

test('a generator that fails is reported with what it said', () => {
  writeFileSync(join(root, 'schemas/generate.ts'), "throw new Error('no such catalogue');\n");
  const { status, stdout } = check();
  expect(stdout).toMatch(/schemas\/generate\.ts failed: [^]*no such catalogue/);
  expect(status).toBe(1);
});
