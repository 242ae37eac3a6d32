/** `ntk baseline score`: a CSV of a series in, the same with scores out. */
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR } from './ntk.ts';

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.clear());

const HOURS = 24 * 14;
const AT = 300;

/** Days and nights by the hour, and one hour that is like none before. */
function series(): string[] {
  return Array.from({ length: HOURS }, (_, hour) => {
    const stamp = new Date(Date.UTC(2026, 2, 2, hour)).toISOString().slice(0, 19).replace('T', ' ');
    return `${stamp},${hour === AT ? 900 : (hour % 24 > 7 ? 100 : 20) + ((hour * 7919) % 13)}`;
  });
}

function scoresOf(path: string): number[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(head).toBe('timestamp,value,anomaly_score');
  return lines.map((line) => Number(line.split(',')[2]));
}

describe('a series in a file', () => {
  test('comes back row by row with a score from 0 to 1, highest where it is like nothing before', async () => {
    const input = desk.write('in.csv', `timestamp,value\n${series().join('\n')}\n`);
    const output = join(desk.path, 'out.csv');
    const { stdout } = await ntkOk(['baseline', 'score', '--input', input, '--output', output]);
    expect(stdout).toMatch(/^336 rows scored, \d+ stand out/);
    expect(stdout).toContain('2026-03-14 12:00:00');
    const scores = scoresOf(output);
    expect(scores).toHaveLength(HOURS);
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(scores.indexOf(Math.max(...scores))).toBe(AT);
    const rows = readFileSync(output, 'utf8').trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.slice(0, row.lastIndexOf(',')))).toEqual(series());
  });

  test('has the same scores quoted, with CR LF, compressed and from standard input', async () => {
    const output = join(desk.path, 'out.csv');
    const plain = desk.write('plain.csv', series().join('\n'));
    await ntkOk(['baseline', 'score', '--input', plain, '--output', output]);
    const expected = readFileSync(output, 'utf8');
    const quoted = `\ufeff"timestamp","value"\r\n\r\n${series()
      .map((row) => row.replace(/^(.*),(.*)$/, '"$1","$2"'))
      .join('\r\n')}\r\n`;
    const zipped = desk.write('quoted.csv.gz', gzipSync(quoted));
    await ntkOk(['baseline', 'score', '--input', zipped, '--output', output]);
    expect(readFileSync(output, 'utf8')).toBe(expected);
    await ntkOk(['baseline', 'score', '--input', '-', '--output', output], { input: quoted });
    expect(readFileSync(output, 'utf8')).toBe(expected);
  });

  test('can be asked for as JSON', async () => {
    const input = desk.write('in.csv', [...series(), series()[0]!].join('\n'));
    const output = join(desk.path, 'out.csv');
    const summary = await ntkJson<object>(['baseline', 'score', '--input', input, '--output', output]);
    expect(summary).toMatchObject({ input, output, rows: HOURS + 1, backwards: 1 });
    expect(summary).toMatchObject({ highest: [{ timestamp: '2026-03-14 12:00:00', value: 900 }, {}, {}, {}, {}] });
  });
});

describe('a file that cannot be scored', () => {
  test.each([
    ['a value that is no number', '2026-03-02 14:00:00,1\n2026-03-02 15:00:00,NaN\n', /in\.csv:2: value 'NaN'/],
    ['a time that is none', '2026-02-30 14:00:00,1\n', /in\.csv:1: timestamp '2026-02-30 14:00:00'/],
    ['nothing in it', '\n\n', /in\.csv:1: there is no row/],
    ['control characters', '\u001b[2J,1\n', /in\.csv:1: timestamp '\\u\{1b\}\[2J'/],
  ])('for %s is said in one line, and what was there before stays', async (_, content, message) => {
    const input = desk.write('in.csv', content);
    const output = desk.write('out.csv', 'before');
    const { code, stdout, stderr } = await ntk(['baseline', 'score', '--input', input, '--output', output]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toMatch(message);
    expect(readFileSync(output, 'utf8')).toBe('before');
    expect(readdirSync(desk.path).sort()).toEqual(['in.csv', 'out.csv']);
  });

  test('because it is not there, or the output has no place, is said in one line', async () => {
    const input = desk.write('in.csv', series().join('\n'));
    const output = join(desk.path, 'none', 'out.csv');
    for (const [from, to] of [
      [join(desk.path, 'none.csv'), input],
      [input, output],
      [input, desk.path],
    ] as const) {
      const { code, stderr } = await ntk(['baseline', 'score', '--input', from, '--output', to]);
      expect(code).toBe(1);
      expect(stderr).toMatch(ONE_LINE_ERROR);
    }
    expect(existsSync(output)).toBe(false);
  });

  test('because the output is no file, is said in one line, and what is there stays', async () => {
    const input = desk.write('in.csv', series().join('\n'));
    // A link of our own: what /dev/stdout is made of, without the machine's.
    const link = join(desk.path, 'stdout');
    symlinkSync('/proc/self/fd/1', link);
    for (const output of ['-', link]) {
      const { code, stdout, stderr } = await ntk(['baseline', 'score', '--input', input, '--output', output]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(ONE_LINE_ERROR);
      expect(stderr).toContain(`--output '${output}' is no file`);
    }
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(existsSync('-')).toBe(false);
  });
});
