import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ntk, ntkOk } from '../acceptance/ntk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-tab-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the Tab key offers behind these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { stdout } = await ntkOk(['complete', '--', ...words], { cwd: folder });
  const lines = stdout.trimEnd().split('\n');
  // The last line is for the script of the shell.
  return lines.slice(0, -1).map((line) => line.split('\t')[0]!);
}

describe('the Tab key', () => {
  test('offers commands, commands of commands and flags', async () => {
    expect(await offered('pol')).toEqual(['policy']);
    expect(await offered('policy', '')).toEqual(expect.arrayContaining(['check', 'apply', 'rollback', 'log']));
    expect(await offered('verify', '--da')).toEqual(['--data']);
    expect(await offered('verify', '--format', '')).toEqual(['table', 'json']);
  });

  test('offers files where a file belongs, and folders with a slash', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'events.ndjson'), '');
    writeFileSync(join(folder, '.hidden'), '');
    expect(await offered('run', '--input', '')).toEqual(['data/']);
    expect(await offered('run', '--input', './da')).toEqual(['./data/']);
    expect(await offered('ingest', 'data/')).toEqual(['data/events.ndjson']);
    expect(await offered('run', '--input', 'none/')).toEqual([]);
  });

  test.each(['bash', 'zsh'])('gets a script for %s that the shell takes', async (shell) => {
    const { stdout } = await ntkOk(['completion', shell]);
    expect(stdout).toContain('ntk complete -- ');
    if (shell === 'bash') execFileSync('bash', ['-n'], { input: stdout });
    else expect(stdout).toMatch(/^#compdef ntk/);
  });

  test('is told in one line which shells there are', async () => {
    const { code, stderr } = await ntk(['completion', 'tcsh']);
    expect(code).not.toBe(0);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('zsh, bash, fish, powershell');
  });
});
