import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BENCHMARKS } from './benchmarks.ts';
import { MADE, madeReport } from './made-report.ts';
import { markdownOf, writeInto } from './markdown.ts';
import { readReport, writeReport } from './report.ts';
import { linesOf, numberWords, remarksOf, rowOf } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'ntk-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the table', () => {
  it('has a line for each ratio and figure, with its target and whether that was reached', () => {
    expect(linesOf(madeReport(), [MADE]).map(rowOf)).toEqual([
      ['made', 'product over floor', '0.5', '0.5', '0.5', '≥ 0.5 (aims 0.7)', 'yes'],
      ['made', 'a floor', '200,000 /s', '200,000', '200,000', '', ''],
      ['made', 'the product', '100,000 /s', '100,000', '100,000', '≥ 80,000 /s (aims 150,000)', 'yes'],
      ['made', 'a wait', '10 ms', '10', '10', '≤ 15 ms', 'yes'],
    ]);
  });

  it('says which aim was reached, and that a target was not', () => {
    const medians = { floor: 200_000, ours: 160_000, milliseconds: 16 };
    const reached = linesOf(madeReport({ medians, ratios: { 'ours/floor': 0.4 } }), [MADE]).map((line) => rowOf(line).at(-1));
    expect(reached).toEqual(['no', '', 'yes, aim 150,000', 'no']);
  });

  it('of a report that is older than a figure is without it', () => {
    const rounds = [{ figures: { floor: 2, milliseconds: 1 }, hashes: {}, remarks: [] }];
    const older = madeReport({ medians: { floor: 2, milliseconds: 1 }, ratios: {}, rounds });
    expect(linesOf(older, [MADE]).map(({ what }) => what)).toEqual(['a floor', 'a wait']);
  });

  it('has numbers of at most four digits', () => {
    expect([0.123456, 1.5, 12.34, 123.4, 1_234.5, 123_456].map(numberWords)).toEqual([
      '0.123',
      '1.5',
      '12.3',
      '123',
      '1,235',
      '123,500',
    ]);
  });

  it('comes with what has to be known: a busy machine, a small size, what a round found, what went wrong', () => {
    const remarks = ['900 of 1,000 accesses a second could be offered'];
    const rounds = [{ figures: { floor: 1, ours: 1, milliseconds: 1 }, hashes: {}, remarks }];
    const report = madeReport({ busyShareBefore: 0.4, loadBefore: 3, problem: 'it differs', rounds }, { size: 'small' });
    expect(remarksOf(report)).toEqual([
      'size small: only shows that it works, these are no figures to quote',
      'made: it differs',
      'made: the machine was busy with other things before it began (40 % of all cores, load 3)',
      'made: 900 of 1,000 accesses a second could be offered',
    ]);
    expect(remarksOf(madeReport())).toEqual([]);
  });
});

describe('the page', () => {
  it('has figures, hashes and what they do not show between its markers, and keeps the rest', () => {
    const page = join(folder, 'page.md');
    writeFileSync(page, 'before\n<!-- figures: made by npm run bench:docs -->\nold\n<!-- end of figures -->\nafter\n');
    writeInto(page, markdownOf(madeReport(), [MADE]));
    writeInto(page, markdownOf(madeReport(), [MADE]));
    const text = readFileSync(page, 'utf8');
    expect(text).toMatch(/^before\n<!-- figures/);
    expect(text).toMatch(/<!-- end of figures -->\nafter\n$/);
    expect(text).not.toContain('old');
    expect(text.match(/\| the product +\| 100,000 \/s +\|/g)).toHaveLength(1);
    expect(text).toContain('rows `abc`');
    expect(text).toContain('What it does not show: Everything.');
  });

  it('without markers is left alone', () => {
    const page = join(folder, 'other.md');
    writeFileSync(page, 'text');
    expect(() => writeInto(page, 'figures')).toThrow('has no lines');
    expect(readFileSync(page, 'utf8')).toBe('text');
  });
});

describe('the file', () => {
  it('holds all of a report', () => {
    const file = join(folder, 'report.json');
    writeReport(file, madeReport());
    expect(readReport(file)).toEqual(madeReport());
  });

  it('of something else is refused in one line', () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, '{"suite":2}');
    expect(() => readReport(file)).toThrow(/is not what `npm run bench -- --json` writes: suite$/);
  });
});

describe('every benchmark', () => {
  it('says what it measures and what not, and has ratios of its own figures', () => {
    expect(new Set(BENCHMARKS.map(({ name }) => name)).size).toBe(BENCHMARKS.length);
    for (const { measures, doesNotShow, figures, ratios } of BENCHMARKS) {
      const names = figures.map(({ name }) => name);
      expect(measures).toMatch(/\.$/);
      expect(doesNotShow).toMatch(/\.$/);
      expect(new Set(names).size).toBe(names.length);
      for (const { of, to } of ratios) expect(names).toEqual(expect.arrayContaining([of, to]));
    }
  });
});
