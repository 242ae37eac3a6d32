/** The hours of one program, a series for each category and one for all, judged by the detector of series. */
import { SeriesDetector } from '../domain/baselines/series/series-detector.ts';
import { medianOf } from '../domain/evaluation/median.ts';
import { SCORE_DIGITS } from './score-series.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** Of so many days before, the same hour is what is usual. */
const USUAL_DAYS = 28;

export interface HourCount {
  /** Null: all categories together. */
  readonly category: string | null;
  /** Hours since 1970 (UTC). */
  readonly hour: number;
  readonly value: number;
}

export interface JudgedHour {
  /** Milliseconds since 1970 of its beginning. */
  readonly startMs: number;
  readonly value: number;
  /** The median of the same hour (UTC) on the days before, 28 at most; null on the first day. */
  readonly usual: number | null;
  /** 0 (ordinary, or told not long ago) to 1. */
  readonly score: number;
}

export interface JudgedSeries {
  /** Null: all categories together. */
  readonly category: string | null;
  readonly hours: readonly JudgedHour[];
}

/**
 * Judges each series from `firstHour` to `lastHour` (both included), in the order of time; an hour that no count names has 0. What comes of
 * an hour depends on those before it alone. @returns all categories together first where there are counts of that, then by name
 */
export function judgeHours(counts: Iterable<HourCount>, firstHour: number, lastHour: number): JudgedSeries[] {
  const length = lastHour - firstHour + 1;
  const series = new Map<string | null, Float64Array>();
  for (const { category, hour, value } of counts) {
    let values = series.get(category);
    if (values === undefined) series.set(category, (values = new Float64Array(length)));
    values[hour - firstHour] = value;
  }
  return [...series]
    .sort(([a], [b]) => (a === null || (b !== null && a < b) ? -1 : 1))
    .map(([category, values]) => ({ category, hours: judge(values, firstHour) }));
}

function judge(values: Float64Array, firstHour: number): JudgedHour[] {
  const detector = new SeriesDetector();
  const state = new Float32Array(detector.layout.floats);
  return Array.from(values, (value, at) => {
    const startMs = (firstHour + at) * HOUR_MS;
    const score = Number(detector.next(state, 0, value, startMs).toPrecision(SCORE_DIGITS));
    return { startMs, value, usual: usualOf(values, at), score };
  });
}

function usualOf(values: Float64Array, at: number): number | null {
  const before: number[] = [];
  for (let back = at - DAY_HOURS; back >= 0 && before.length < USUAL_DAYS; back -= DAY_HOURS) before.push(values[back]!);
  return medianOf(before);
}
