/** A report as Markdown: one table, then a paragraph a benchmark. Stands in docs/speed.md between two markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Benchmark } from './benchmark.ts';
import type { Report } from './report.ts';
import { type Line, linesOf, machineWords, numberWords, reachedWords, remarksOf, targetWords } from './table.ts';

const BEGIN = '<!-- figures: made by npm run bench:docs -->';
const END = '<!-- end of figures -->';

export function markdownOf(report: Report, benchmarks: readonly Benchmark[]): string {
  const lines = linesOf(report, benchmarks);
  const measured = benchmarks.filter(({ name }) => report.benchmarks.some((result) => result.name === name));
  return [
    `Measured ${machineWords(report)}.`,
    ...remarksOf(report).map((remark) => `- ${remark}`),
    ...measured.map((benchmark) => sectionOf(benchmark, lines, report)),
  ].join('\n\n');
}

function sectionOf({ name, title, measures, doesNotShow }: Benchmark, lines: readonly Line[], report: Report): string {
  const own = lines.filter(({ benchmark }) => benchmark === name);
  const hashes = Object.entries(report.benchmarks.find((result) => result.name === name)!.hashes);
  const results = hashes.map(([of, hash]) => `${of} \`${hash}\``).join(', ');
  return [
    `### ${title}`,
    ['`', name, '`: ', measures].join(''),
    own.length === 0 ? 'Not measured.' : tableOf(own),
    ...(results === '' ? [] : [`Results, the same in all rounds: ${results}.`]),
    `What it does not show: ${doesNotShow}`,
  ].join('\n\n');
}

/** As the house's formatter aligns tables, so that making it anew changes only figures. */
function tableOf(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.what,
    `${numberWords(line.median)}${line.unit === '' ? '' : ` ${line.unit}`}`,
    `${numberWords(line.from)} to ${numberWords(line.to)}`,
    targetWords(line),
    reachedWords(line),
  ]);
  const all = [['figure', 'median', 'rounds', 'target', 'reached'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = lineOf(widths.map((width) => '-'.repeat(width)));
  return [lineOf(all[0]!), rule, ...all.slice(1).map(lineOf)].join('\n');
}

/** Puts the report between the markers of a page. @throws Error when the page has none */
export function writeInto(page: string, markdown: string): void {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`${page} has no lines '${BEGIN}' and '${END}'`);
  writeFileSync(page, `${text.slice(0, from + BEGIN.length)}\n\n${markdown}\n\n${text.slice(to)}`);
}
