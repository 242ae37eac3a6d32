/** Commands that pages name in passing exist, with the flags that stand there. Those to type are run: pages.test.ts, commands-in-text.test.ts. */
import { expect, test } from 'vitest';
import { ntk } from '../acceptance/ntk.ts';
import { pagesOf, readPage } from './page-commands.ts';

/** What a chain's link is made of, not a command. */
const NO_COMMANDS = /^rows after a gap/;
const TEST_MS_MAX = 240_000;
const AT_ONCE = 2;

interface Named {
  readonly page: string;
  readonly text: string;
  /** `policy check` of `ntk policy check FILE --json`. */
  readonly words: readonly string[];
  readonly flags: readonly string[];
}

/** Of `ntk ...` in backticks, and in blocks that are not run. */
function namedIn(page: string): Named[] {
  const text = readPage(page).replaceAll(/^```sh(?! (?:kafka|device|elsewhere))[^]*?^```/gm, '');
  return [...text.matchAll(/(?:`|^)(?:npx )?ntk ([a-z][^`\n#|]*)/gm)]
    .filter(([, command]) => !NO_COMMANDS.test(command!))
    .map(([, command]) => ({
      page,
      text: command!.trim(),
      words: command!.split(/\s+/).filter((word, i) => i < 2 && /^[a-z][a-z-]*$/.test(word)),
      flags: [...command!.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([flag]) => flag),
    }));
}

test('commands that pages name are there, and have the flags that pages give them', { timeout: TEST_MS_MAX }, async () => {
  const named = pagesOf().flatMap(namedIn);
  expect(named.length).toBeGreaterThan(50);
  const helps = new Map<string, Promise<string>>();
  const help = async (words: readonly string[]): Promise<string> => {
    const key = words.join(' ');
    const asked = helps.get(key) ?? ntk([...words, '--help']).then(({ code, stdout }) => (code === 0 ? stdout : ''));
    helps.set(key, asked);
    return asked;
  };
  const wrong: string[] = [];
  for (let from = 0; from < named.length; from += AT_ONCE) {
    await Promise.all(
      named.slice(from, from + AT_ONCE).map(async ({ page, text, words, flags }) => {
        const own = (await help(words)) || (await help(words.slice(0, 1)));
        const usage = /^Usage: ntk (.*)$/m.exec(own)?.[1] ?? '';
        if (!usage.startsWith(words[0]!)) wrong.push(`${page}: ntk ${text}: no such command`);
        for (const flag of flags)
          if (!own.includes(`${flag} `) && !own.includes(`${flag}\n`)) wrong.push(`${page}: ntk ${text}: no ${flag}`);
      }),
    );
  }
  expect(wrong).toEqual([]);
});
