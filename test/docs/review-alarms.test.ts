/** The guide to reviewing shows alarms, which the folder that it makes has none of: those blocks are held against a folder that has. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAlarmedFolder } from '../acceptance/alarmed-folder.ts';
import { Desk, ntkOk, rowsOf } from '../acceptance/ntk.ts';
import { commandsOf, firstMissing, readPage } from './page-commands.ts';

const TEST_MS_MAX = 120_000;
const PAGE = readPage('docs/guides/review-alarms.md');
/** As the page calls it. */
const EPISODE = '3-10482';

let desk: Desk;
beforeEach(async () => {
  desk = new Desk();
  await makeAlarmedFolder(desk);
}, TEST_MS_MAX);
afterEach(() => desk.clear());

/** Words of a line as a shell takes them. */
const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);

test('an alarm is listed, concluded and counted as the page shows', { timeout: TEST_MS_MAX }, async () => {
  const [first] = await rowsOf<{ place: string }>(
    desk.data,
    "SELECT concat(toString(partition), '-', toString(offset)) AS place FROM ntk.access_results FINAL WHERE event_id = 'night-0'",
  );
  const asOnThePage = (text: string): string => text.replaceAll(first!.place, EPISODE);
  const run = async (args: readonly string[]): Promise<string> =>
    asOnThePage((await ntkOk([...args, '--data', desk.data])).stdout);
  const fences = [...PAGE.matchAll(/^```(.*)\n([^]*?)^```$/gm)];
  const shown = fences.flatMap(([, info, text]) => (info === '' ? [text!.split('\n').filter((line) => line !== '')] : []));
  const [listed, rate] = shown as [string[], string[]];
  // The page's program declares a class.
  expect(firstMissing((await run(['review', 'list'])).replaceAll('(undeclared)', '(delivery)'), listed)).toBeUndefined();
  const block = commandsOf(PAGE).find(({ words }) => words.includes('elsewhere'))!;
  let said = '';
  for (const line of block.command.split('\n').filter((each) => each !== ''))
    said = await run(wordsOf(line.replace(EPISODE, first!.place)).slice(2));
  expect(firstMissing(said, block.printed)).toBeUndefined();
  // Its figures are examples; its words are what is printed.
  const figures = (line: string): string => line.replaceAll(/\d[\d.,]*/g, '…');
  const printed = figures(await run(['review', 'rate'])).replace('above the budget, even at the low end', rate.at(-1)!);
  expect(firstMissing(printed, rate.slice(0, -1).map(figures))).toBeUndefined();
});
