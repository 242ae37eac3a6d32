/** Every command of the pages is run as it stands there, and prints what the page says. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../acceptance/ntk.ts';
import { commandsOf, firstMissing, PageRun, readPage } from './page-commands.ts';

const GUIDES = readdirSync(join(ROOT, 'docs/guides')).map((name) => `docs/guides/${name}`);
const PAGES = [
  'README.md',
  ...GUIDES,
  'docs/authority.md',
  'docs/wechat.md',
  'docs/android.md',
  'docs/simulator.md',
  'docs/evaluate.md',
];
const PAGE_MS_MAX = 240_000;

describe.each(PAGES)('%s', (path) => {
  const page = readPage(path);

  test(
    'has commands that do what it says',
    async () => {
      expect(commandsOf(page).length).toBeGreaterThan(0);
      const run = new PageRun();
      try {
        await run.open();
        await run.run(page);
      } finally {
        await run.close();
      }
    },
    PAGE_MS_MAX,
  );

  test('links to pages and files that are there', () => {
    const links = [...page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => join(ROOT, dirname(path), target!));
    expect(links.filter((target) => !existsSync(target))).toEqual([]);
  });
});

describe('a page that is run', () => {
  test('has its blocks with the words behind them and what they print', () => {
    const page = 'text\n```sh fails\nfalse\n```\n\n```text\na …\n\nb\n```\n\n```json\n{}\n```\n\n```sh\ntrue\n```\n';
    expect(commandsOf(page)).toEqual([
      { command: 'false\n', words: ['fails'], printed: ['a …', 'b'] },
      { command: 'true\n', words: [], printed: [] },
    ]);
    expect(() => commandsOf('```sh maybe\ntrue\n```\n')).toThrow("'maybe' behind sh");
  });

  test('is held against what it prints, in order', () => {
    expect(firstMissing('one  (x)\ntwo 2\nthree', ['one (x)', '… 2', 'three'])).toBeUndefined();
    expect(firstMissing('two\none', ['one', 'two'])).toBe('two');
    expect(firstMissing('a.b', ['a+b'])).toBe('a+b');
  });

  test.each([
    ['```sh\nfalse\n```\n', 'ended with 1'],
    ['```sh fails\ntrue\n```\n', 'ended with 0'],
    ['```sh\necho quince\n```\n\n```text\nmedlar\n```\n', "does not print 'medlar'"],
  ])('is not believed when a command does otherwise: %j', async (page, problem) => {
    const run = new PageRun();
    try {
      await run.open();
      await expect(run.run(page)).rejects.toThrow(problem);
    } finally {
      await run.close();
    }
  });
});
