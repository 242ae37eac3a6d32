import { expect, test } from 'vitest';
import { scoreSeries } from '../../services/series/score-series.ts';
import type { SeriesProblem, SeriesRow } from '../../services/series/series-row.ts';

const HOUR_MS = 3_600_000;

function rowOf(hour: number): SeriesRow {
  const value = hour % 100 === 99 ? 1000 + hour : (hour * 7919) % 13;
  return { stamp: `h${hour}`, text: String(value), timeMs: hour * HOUR_MS, value };
}

async function* rows(count: number, pulled: (hour: number) => void = () => {}): AsyncGenerator<SeriesRow | SeriesProblem> {
  for (let hour = 0; hour < count; hour++) {
    pulled(hour);
    yield rowOf(hour);
  }
}

test('the highest rows are named in falling order, as they are in the result', async () => {
  let text = '';
  const summary = await scoreSeries(rows(1000), async (piece) => void (text += piece));
  if (summary === 'stopped' || 'message' in summary) throw new Error('it is whole');
  const lines = text.trimEnd().split('\n').slice(1);
  const scored = lines.map((line) => line.split(',') as [string, string, string]);
  const told = scored.filter(([, , score]) => Number(score) > 0);
  expect(summary).toMatchObject({ rows: 1000, backwards: 0, told: told.length });
  const highest = told.toSorted((a, b) => Number(b[2]) - Number(a[2])).slice(0, 5);
  expect(summary.highest.map(({ timestamp, score }) => [timestamp, score])).toEqual(
    highest.map(([stamp, , score]) => [stamp, Number(score)]),
  );
});

test('each row stands in the result once and in its place, however many there are, and times that go back are counted', async () => {
  const backAndForth = Array.from({ length: 9_000 }, (_, i) => rowOf(i % 3 === 2 ? i - 2 : i));
  // One stands still, which is not going back.
  backAndForth.push(backAndForth.at(-1)!);
  let text = '';
  const summary = await scoreSeries(
    (async function* () {
      yield* backAndForth;
    })(),
    async (piece) => void (text += piece),
  );
  expect(text.length).toBeGreaterThan(65_536);
  expect(text.split('\n').map((line) => line.split(',')[0])).toEqual([
    'timestamp',
    ...backAndForth.map(({ stamp }) => stamp),
    '',
  ]);
  expect(summary).toMatchObject({ rows: 9_001, backwards: 3_000 });
});

test('rows are read one at a time, and no further once it is to stop', async () => {
  const stop = new AbortController();
  let last = -1;
  const summary = await scoreSeries(
    rows(1000, (hour) => {
      last = hour;
      if (hour === 10) stop.abort();
    }),
    () => Promise.resolve(),
    stop.signal,
  );
  expect(summary).toBe('stopped');
  expect(last).toBe(10);
});

test('a problem is answered as it is', async () => {
  const problem = { line: 3, message: 'no' };
  const summary = await scoreSeries(
    (async function* () {
      yield rowOf(0);
      yield problem;
    })(),
    () => Promise.resolve(),
  );
  expect(summary).toBe(problem);
});
