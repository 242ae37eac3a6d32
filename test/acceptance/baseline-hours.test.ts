/** `ntk baseline hours`: one program's hours as series, from what is stored. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ntkHere, ntkHereJson, ntkHereOk } from './in-process.ts';
import { Desk, ntkOk, ONE_LINE_ERROR } from './ntk.ts';
import { access, ndjson } from './records.ts';

const PROGRAM = 'wx-parcel';
const DAYS = 12;
const NIGHT = '2026-03-12T03';
const OFF_CLOCK = 'wx-clock';

interface Hours {
  readonly of: string;
  readonly accesses: number;
  readonly series: readonly {
    readonly category: string | null;
    readonly hours: readonly {
      readonly hour: string;
      readonly value: number;
      readonly usual: number | null;
      readonly score: number;
    }[];
  }[];
}

/** Location by day, from two users; in one night forty reads of photos from one, ten pictures each. One phone of another program believes in 1999. */
function lines(): string[] {
  const made: string[] = [];
  for (let day = 1; day <= DAYS; day++)
    for (let hour = 8; hour < 20; hour++)
      for (let n = 0; n < 2 + ((day + hour) % 3); n++) {
        const time = `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:0${n}:00Z`;
        made.push(access({ id: `${time}`, subject: PROGRAM, time }, { user: `u${n % 2}` }));
      }
  for (let n = 10; n < 50; n++) {
    const photo = { api: 'wx.chooseMedia', user: 'u0', rows: 10 };
    made.push(access({ id: `night-${n}`, subject: PROGRAM, time: `${NIGHT}:${n}:00Z` }, photo));
  }
  made.push(access({ id: 'then', subject: OFF_CLOCK, time: '1999-01-01T08:30:00Z' }));
  made.push(access({ id: 'now', subject: OFF_CLOCK, time: '2026-03-01T08:30:00Z' }));
  return made;
}

const desk = new Desk();
const data = ['--data', desk.data];
beforeAll(async () => {
  await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(...lines()))]);
});
afterAll(() => desk.clear());

const hours = (...more: string[]): Promise<Hours> => ntkHereJson<Hours>(['baseline', 'hours', PROGRAM, ...data, ...more]);
const ofNight = ({ series }: Hours): (number | undefined)[] =>
  series.map(({ hours: all }) => all.find(({ hour }) => hour.startsWith(NIGHT))?.value);

test('the hour that is like none before stands on top, with what is usual then', async () => {
  const { stdout } = await ntkHereOk(['baseline', 'hours', PROGRAM, ...data]);
  const [summary, , top] = stdout.split('\n');
  expect(summary).toContain(`${PROGRAM}: accesses of 276 hours in 2 categories, 2026-03-01 08:00 to 2026-03-12 19:00 UTC`);
  expect(top).toMatch(/^ *2026-03-12 03:00 +(?:photos|\(all\)) +40 +0 +0\.\d{3} *$/);
});

test('accesses, rows, bytes and people are counted, of each category and of all together', async () => {
  expect((await hours()).series.map(({ category }) => category)).toEqual([null, 'location', 'photos']);
  expect(ofNight(await hours())).toEqual([40, 0, 40]);
  expect(ofNight(await hours('--of', 'rows'))).toEqual([400, 0, 400]);
  expect(ofNight(await hours('--of', 'users'))).toEqual([1, 0, 1]);
  expect(ofNight(await hours('--of', 'bytes'))).toEqual([0, 0, 0]);
});

test('of a range that begins later is said what is said of it in the whole: hours before are learned from', async () => {
  const whole = await hours('--category', 'photos');
  const part = await hours('--category', 'photos', '--from', '2026-03-10', '--to', '2026-03-12T12:00:00Z');
  expect(part.series).toHaveLength(1);
  const from = whole.series[0]!.hours.findIndex(({ hour }) => hour.startsWith('2026-03-10T00'));
  expect(part.series[0]!.hours).toEqual(whole.series[0]!.hours.slice(from, from + 24 + 24 + 12));
});

test('as CSV a category has the scores that ntk baseline score gives the same series', async () => {
  const { stdout } = await ntkHereOk(['baseline', 'hours', PROGRAM, ...data, '--category', 'location', '--format', 'csv']);
  const input = desk.write('location.csv', stdout);
  const output = join(desk.path, 'scored.csv');
  await ntkHereOk(['baseline', 'score', '--input', input, '--output', output]);
  const scoresOf = (text: string, column: number): string[] =>
    text
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => line.split(',')[column]!);
  expect(scoresOf(stdout, 4)).toEqual(scoresOf(readFileSync(output, 'utf8'), 2));
});

test('one access of long ago does not make a series of a quarter of a million hours', async () => {
  const { stdout, stderr } = await ntkHereOk(['baseline', 'hours', OFF_CLOCK, ...data]);
  expect(stdout).toContain('accesses of 26,352 hours in 1 category');
  expect(stderr).toContain('not those before 2023-02-27 09:00');
});

test('a program, a category or a time without any access is named', async () => {
  for (const [args, word] of [
    [['wx-nobody'], 'no access of program wx-nobody is stored'],
    [[PROGRAM, '--category', 'contacts'], `no access to contacts of program ${PROGRAM} is stored`],
    [[PROGRAM, '--to', '2025-01-01'], `no access of program ${PROGRAM} is stored before 2025-01-01`],
  ] as const) {
    const { code, stdout, stderr } = await ntkHere(['baseline', 'hours', ...args, ...data]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain(word);
  }
});
