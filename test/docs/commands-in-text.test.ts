/**
 * Commands to type that stand in a sentence or in a table are run as well, with files of the names that they take. Whoever means a
 * command to be typed writes it whole, `npx ntk …` or `npm start …`; `ntk verify` without `npx` is a name: named-commands.test.ts.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ntkOk, ROOT } from '../acceptance/ntk.ts';
import { NtkProcess } from '../crash/ntk-process.ts';
import { pagesOf, readPage } from './page-commands.ts';

const TEST_MS_MAX = 120_000;
const POLL_MS = 20;
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const FIXTURES = join(ROOT, 'test/importers/fixtures');
const FILES = {
  'policy.yaml': join(ROOT, 'policies/default.yaml'),
  'report.ndjson': join(FIXTURES, 'apple/v3-2021-06-25.ndjson'),
  'appops.txt': join(FIXTURES, 'android/appops-14.txt'),
  'manifests.ndjson': join(FIXTURES, 'wechat/answers.ndjson'),
};

/** What stands in backticks outside of blocks. */
const inText = pagesOf().flatMap((page) => {
  const text = readPage(page).replaceAll(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => ({ page, code: code! }));
});
const typed = inText.filter(({ code }) => /^(?:npx ntk|npm start) /.test(code) && !/\b[A-Z]{3,}\b/.test(code));

describe('in text', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-text-'));
    for (const [name, source] of Object.entries(FILES)) copyFileSync(source, join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(typed)('$page: `$code` does what it says', { timeout: TEST_MS_MAX }, async ({ code }) => {
    const args = argsOf(code);
    if (args[0] === 'up') {
      await startsAndStops(args);
    } else if (args[0] === 'simulate') {
      await ntkOk(args, { cwd: folder });
      const output = join(folder, args[args.indexOf('--output') + 1]!);
      expect(readdirSync(output).toSorted()).toEqual(['events.ndjson', 'labels.json']);
    } else {
      if (code.includes('events.ndjson.gz')) await makeEvents();
      expect((await ntkOk(args, { cwd: folder })).stdout).toMatch(/\d/);
    }
  });

  test('scripts that pages name are there', () => {
    const named = inText.flatMap(({ page, code }) => {
      const script = /^npm run ([a-z:]+)/.exec(code)?.[1];
      return script === undefined ? [] : [{ page, script }];
    });
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
  });

  test('there are some, from the tables of the README and elsewhere', () => {
    expect(typed.length).toBeGreaterThan(6);
  });

  async function makeEvents(): Promise<void> {
    await ntkOk(['simulate', '--seed', '2', '--programs', '20', '--days', '1', '--output', 'few'], { cwd: folder });
    writeFileSync(join(folder, 'events.ndjson.gz'), gzipSync(readFileSync(join(folder, 'few/events.ndjson'))));
  }

  async function startsAndStops(args: readonly string[]): Promise<void> {
    // Where the page says its port, it is this one's own.
    const data = join(folder, args[args.indexOf('--data') + 1] ?? 'data');
    mkdirSync(data, { recursive: true });
    const own = args.includes('--data')
      ? args.map((arg, i) => (args[i - 1] === '--data' ? data : arg))
      : [...args, '--data', data];
    const running = new NtkProcess([...own, '--port', '0'], {});
    try {
      while (!existsSync(join(data, 'system.json'))) {
        if (running.child.exitCode !== null) throw new Error(`it ended by itself with ${running.child.exitCode}`);
        await pause(POLL_MS);
      }
      running.child.kill('SIGTERM');
      expect((await running.ended).code).toBe(0);
    } finally {
      running.child.kill('SIGKILL');
      await running.ended;
      rmSync(data, { recursive: true });
    }
  }
});

/** What `ntk` is asked; `npm start` is what package.json says it is. */
function argsOf(code: string): string[] {
  const words = code.split(' ');
  if (words[0] === 'npx') return words.slice(2);
  return [...scripts['start']!.split(' ').slice(2), ...words.slice(words.indexOf('--') + 1)];
}
