import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HourCount, judgeHours } from '../../services/series/program-hours.ts';

const FIRST = 492_000;
const HOUR_MS = 3_600_000;

/** Two weeks of days and nights, whose nights have no access at all. */
function ordinary(category: string | null, days = 14): HourCount[] {
  const hours = Array.from({ length: 24 * days }, (_, at) => ({ category, hour: FIRST + at, value: 20 + ((at * 7919) % 13) }));
  return hours.filter(({ hour }) => hour % 24 >= 8);
}

test('a night in which something happens stands out most among days and silent nights', () => {
  const night = FIRST + 24 * 12 + 3;
  const [series] = judgeHours(
    [...ordinary('photos'), { category: 'photos', hour: night, value: 90 }],
    FIRST,
    FIRST + 24 * 14 - 1,
  );
  const highest = series!.hours.toSorted((a, b) => b.score - a.score)[0];
  expect(highest).toMatchObject({ startMs: night * HOUR_MS, value: 90, usual: 0 });
});

test('all categories together come first, then each by its name, with every hour from the first to the last', () => {
  const counts = [
    { category: 'photos', hour: FIRST + 2, value: 5 },
    { category: null, hour: FIRST + 2, value: 7 },
    { category: 'contacts', hour: FIRST, value: 2 },
  ];
  const judged = judgeHours(counts, FIRST, FIRST + 3);
  expect(judged.map(({ category, hours }) => [category, ...hours.map(({ value }) => value)])).toEqual([
    [null, 0, 0, 7, 0],
    ['contacts', 2, 0, 0, 0],
    ['photos', 0, 0, 5, 0],
  ]);
  expect(judged[0]!.hours.map(({ startMs }) => startMs / HOUR_MS)).toEqual([FIRST, FIRST + 1, FIRST + 2, FIRST + 3]);
});

test('what is usual is the median of the same hour on the days before, four weeks of them', () => {
  const counts = Array.from({ length: 40 }, (_, day) => ({ category: null, hour: FIRST + 24 * day, value: day }));
  const [series] = judgeHours(counts, FIRST, FIRST + 24 * 39);
  const usual = series!.hours.filter((_, at) => at % 24 === 0).map((hour) => hour.usual);
  expect(usual.slice(0, 4)).toEqual([null, 0, 0.5, 1]);
  expect(usual[39]).toBe((39 - 28 + 38) / 2);
  expect(series!.hours[25]!.usual).toBe(0);
});

test('what is said of an hour depends on none that come later', () => {
  const value = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 30, maxLength: 200 }), fc.integer({ min: 1, max: 29 }), (values, cut) => {
      const counts = values.map((count, at) => ({ category: 'location', hour: FIRST + at, value: count }));
      const [whole] = judgeHours(counts, FIRST, FIRST + values.length - 1);
      const [part] = judgeHours(counts.slice(0, -cut), FIRST, FIRST + values.length - 1 - cut);
      expect(part!.hours).toEqual(whole!.hours.slice(0, -cut));
    }),
  );
});
