import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SERIES_CONSTANTS } from '../../../services/domain/baselines/series/constants.ts';
import { SeriesDetector } from '../../../services/domain/baselines/series/series-detector.ts';
import { ROWS, SERIES_VIEWS } from '../../../services/domain/baselines/series/state-layout.ts';
import { SeriesModel } from './series-model.ts';

const SERIES_FLOATS = new SeriesDetector().layout.floats;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 2);

interface Row {
  readonly value: number;
  readonly timeMs: number;
}

function rowsOf(values: readonly number[], stepMs = HOUR_MS): Row[] {
  return values.map((value, i) => ({ value, timeMs: START_MS + i * stepMs }));
}

function scoresOf(rows: readonly Row[], state = new Float32Array(SERIES_FLOATS)): number[] {
  const detector = new SeriesDetector();
  return rows.map(({ value, timeMs }) => detector.next(state, 0, value, timeMs));
}

/** Whatever a file may hold: any size, any sign, few values again and again, times that stand still or go back. */
const hostileRows = fc.array(
  fc.record({
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(1e308, -1e308, 5e-324, -0, 0, 1),
      fc.integer({ min: -3, max: 3 }),
    ),
    timeMs: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: START_MS, max: START_MS + 100 * HOUR_MS })),
  }),
  { maxLength: 120 },
);

const MINUTE_MS = 60_000;
/** Few values and many, levels and steps; times that go on, stand still or go back, around 1970 as well. */
const ordinaryRows = fc
  .record({
    startMs: fc.constantFrom(START_MS, -2 * 24 * HOUR_MS),
    first: fc.constantFrom(0, 2 ** 31, -3_000_000),
    rows: fc.array(
      fc.record({
        value: fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: -3000, max: 3000 })),
        stepMs: fc.constantFrom(5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, 24 * HOUR_MS, 0, -HOUR_MS),
      }),
      { minLength: 60, maxLength: 150, size: 'max' },
    ),
  })
  .map(({ startMs, first, rows }) => {
    let timeMs = startMs;
    return [{ value: first, timeMs }, ...rows.map(({ value, stepMs }) => ({ value, timeMs: (timeMs += stepMs) }))];
  });

const counts = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 120 });

/** A working day and a night, with little noise that repeats in no way that matters. */
function daily(hour: number): number {
  return (hour % 24 > 7 && hour % 24 < 20 ? 100 : 20) + ((hour * 7919) % 13);
}

describe('a series', () => {
  it('has scores from 0 to 1 whatever its values and times are', () => {
    fc.assert(
      fc.property(hostileRows, (rows) => {
        const state = new Float32Array(SERIES_FLOATS);
        for (const score of scoresOf(rows, state)) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
        // Not a number is a time of the day that had no row yet.
        expect(state.some((float) => Math.abs(float) === Number.POSITIVE_INFINITY)).toBe(false);
      }),
    );
  });

  it('is judged by what came before alone: scores of a beginning are the beginning of the scores', () => {
    fc.assert(
      fc.property(hostileRows, fc.nat(120), (rows, length) => {
        expect(scoresOf(rows.slice(0, length))).toEqual(scoresOf(rows).slice(0, length));
      }),
    );
  });

  it('goes on as before from the bytes of its state, wherever in a table they lie', () => {
    fc.assert(
      fc.property(hostileRows, hostileRows, fc.nat(5), (before, after, place) => {
        const state = new Float32Array(SERIES_FLOATS);
        scoresOf(before, state);
        const table = new Float32Array((place + 2) * SERIES_FLOATS);
        const at = place * SERIES_FLOATS;
        new Uint8Array(table.buffer).set(new Uint8Array(state.buffer), at * Float32Array.BYTES_PER_ELEMENT);
        const detector = new SeriesDetector();
        const moved = after.map(({ value, timeMs }) => detector.next(table, at, value, timeMs));
        expect(moved).toEqual(scoresOf(after, state));
        expect(table.subarray(0, at).every((float) => float === 0)).toBe(true);
        expect(table.subarray(at + SERIES_FLOATS).every((float) => float === 0)).toBe(true);
      }),
    );
  });

  it('does not depend on its unit or its zero', () => {
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        (values, power, shift) => {
          const plain = scoresOf(rowsOf(values));
          expect(scoresOf(rowsOf(values.map((value) => value * 2 ** power)))).toEqual(plain);
          expect(scoresOf(rowsOf(values.map((value) => value + shift)))).toEqual(plain);
          expect(scoresOf(rowsOf(values.map((value) => -value)))).toEqual(plain);
        },
      ),
    );
  });

  it('that never changes never stands out', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(scoresOf(rowsOf(Array.from({ length: 60 }, () => value))).every((score) => score === 0)).toBe(true);
      }),
    );
  });

  it('is explained by contributions that add up to its surprise, whether it is told or not', () => {
    const detector = new SeriesDetector();
    fc.assert(
      fc.property(hostileRows, (rows) => {
        const state = new Float32Array(SERIES_FLOATS);
        for (const { value, timeMs } of rows) {
          const score = detector.next(state, 0, value, timeMs);
          expect(detector.contributions).toHaveLength(SERIES_VIEWS.length);
          expect(detector.contributions.reduce((sum, part) => sum + part, 0)).toBe(detector.surprise);
          expect([0, detector.surprise]).toContain(score);
        }
      }),
    );
  });

  it('has the surprises and scores that its page derives', () => {
    fc.assert(
      fc.property(ordinaryRows, (rows) => {
        const [detector, model] = [new SeriesDetector(), new SeriesModel()];
        const state = new Float32Array(SERIES_FLOATS);
        for (const { value, timeMs } of rows) {
          const score = detector.next(state, 0, value, timeMs);
          const expected = model.next(value, timeMs);
          expect(Math.abs(detector.surprise - expected.surprise)).toBeLessThan(1e-9);
          expect(Math.abs(score - expected.score)).toBeLessThan(1e-9);
        }
      }),
    );
  });

  it('is judged as before when it has more rows than a float counts', () => {
    const rows = rowsOf(Array.from({ length: 300 }, (_, hour) => daily(hour) + (hour % 50 === 0 ? hour : 0)));
    const state = new Float32Array(SERIES_FLOATS);
    scoresOf(rows.slice(0, 200), state);
    const old = state.slice();
    // As long as a history can count, and half of that, at the same place in the ring of its last rows.
    state[ROWS] = 2 ** 23 - 24;
    old[ROWS] = 2 ** 24 - 8;
    expect([state[ROWS] % 24, old[ROWS] % 24]).toEqual([200 % 24, 200 % 24]);
    const detector = new SeriesDetector();
    const surprises: number[] = [];
    for (const { value, timeMs } of rows.slice(200)) {
      detector.next(state, 0, value, timeMs);
      surprises.push(detector.surprise);
      detector.next(old, 0, value, timeMs);
      expect(detector.surprise).toBeCloseTo(surprises.at(-1)!, 4);
    }
    expect(Math.max(...surprises)).toBeGreaterThan(0.1);
  });

  it('has a state of 1,000 bytes', () => {
    expect(SERIES_FLOATS * Float32Array.BYTES_PER_ELEMENT).toBe(1000);
  });
});

describe('an event', () => {
  const quiet = Array.from({ length: 24 * 14 }, (_, hour) => daily(hour));

  it('beyond all that was seen is told at once, and once', () => {
    const rows = rowsOf([...quiet, 900, 890, 880, ...quiet.slice(0, 6)]);
    const scores = scoresOf(rows);
    expect(scores[quiet.length]).toBeGreaterThan(0.3);
    expect(scores.slice(quiet.length + 1)).toEqual(scores.slice(quiet.length + 1).fill(0));
    expect(Math.max(...scores.slice(24 * 7, quiet.length))).toBeLessThan(0.1);
  });

  it('at night that would be ordinary by day is seen by the time of day', () => {
    const detector = new SeriesDetector();
    const state = new Float32Array(SERIES_FLOATS);
    const night = 24 * 14 + 3;
    const rows = rowsOf(Array.from({ length: night + 1 }, (_, hour) => (hour === night ? daily(12) : daily(hour))));
    for (const { value, timeMs } of rows) detector.next(state, 0, value, timeMs);
    const byView = Object.fromEntries(SERIES_VIEWS.map((view, i) => [view, detector.contributions[i]!]));
    expect(byView.value).toBe(0);
    expect(byView.time_of_day).toBeGreaterThan(0.05);
  });

  it('after another that was larger is not told for a while, and told when half a day has gone by', () => {
    const scoreOfSecond = (hoursLater: number): number => {
      const later = Array.from({ length: hoursLater }, (_, hour) => daily(hour + 1));
      return scoresOf(rowsOf([...quiet, 500, ...later, 1200])).at(-1)!;
    };
    expect(scoreOfSecond(2)).toBe(0);
    expect(scoreOfSecond(100)).toBeGreaterThan(0.3);
  });

  it('is seen after a row with the largest number that there is', () => {
    const scores = scoresOf(rowsOf([...quiet.slice(0, 50), 1e308, ...quiet.slice(51), 900]));
    expect(scores.at(-1)).toBeGreaterThan(0.2);
  });

  it.each([1e308, -1e308, 2 ** 31 - 1])('is seen in a series that begins with %d', (first) => {
    const scores = scoresOf(rowsOf([first, ...quiet.slice(1), 900]));
    expect(scores.at(-1)).toBeGreaterThan(0.3);
  });

  it('scores more the longer the history is that it stands out from', () => {
    const after = (hours: number): number => scoresOf(rowsOf([...quiet.slice(0, hours), 900])).at(-1)!;
    expect(after(24)).toBeLessThan(after(24 * 4));
    expect(after(24 * 4)).toBeLessThan(after(24 * 14));
  });
});

describe('a table of series', () => {
  it('takes other constants with states of another length', () => {
    const detector = new SeriesDetector({ ...SERIES_CONSTANTS, intervals: 4, slots: 24 });
    const state = new Float32Array(detector.layout.floats);
    expect(detector.layout.floats).toBeLessThan(SERIES_FLOATS);
    const scores = rowsOf([...Array.from({ length: 200 }, (_, hour) => daily(hour)), 900]).map(({ value, timeMs }) =>
      detector.next(state, 0, value, timeMs),
    );
    expect(scores.at(-1)).toBeGreaterThan(0.2);
  });
});
