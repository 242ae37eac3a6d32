/** How use goes up and down over a day and a week, in the local time of a region. */
import { HOUR_MS } from '../spans.ts';

const HOURS_A_WEEK = 168;
/** 1970 began on a Thursday; weeks here begin on a Monday. */
const EPOCH_HOUR_OF_WEEK = 72;

/** Nobody sleeps everywhere: what an hour has at least, in the units of the table. */
const SLEEPLESS = 3;

/** One number an hour from midnight on; only their ratios count. */
const HOURS = {
  meals: [4, 2, 1, 1, 1, 2, 8, 16, 12, 10, 22, 60, 66, 30, 14, 12, 22, 58, 70, 48, 28, 20, 14, 8],
  commute: [3, 2, 1, 1, 2, 10, 34, 66, 62, 32, 22, 22, 28, 24, 22, 24, 36, 62, 68, 46, 30, 24, 16, 8],
  office: [1, 1, 1, 1, 1, 2, 6, 20, 50, 64, 66, 52, 32, 44, 60, 60, 50, 30, 18, 14, 12, 8, 4, 2],
  evening: [10, 5, 2, 2, 2, 3, 8, 16, 22, 26, 30, 34, 38, 32, 30, 30, 32, 38, 46, 58, 66, 64, 46, 24],
  night: [34, 20, 10, 6, 4, 4, 8, 14, 18, 20, 24, 32, 40, 32, 28, 28, 30, 36, 44, 56, 68, 76, 74, 54],
  day: [4, 2, 2, 1, 2, 6, 16, 30, 40, 46, 50, 48, 44, 42, 42, 44, 48, 52, 50, 42, 34, 24, 14, 7],
} as const;
export type Shape = keyof typeof HOURS;

/** 168 factors from Monday 0:00 local time on, whose mean is 1. */
export function weekOf(shape: Shape, weekend: number): Float64Array {
  const week = new Float64Array(HOURS_A_WEEK);
  let sum = 0;
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
    const isWeekend = hour >= 5 * 24;
    week[hour] = (HOURS[shape][hour % 24]! + SLEEPLESS) * (isWeekend ? weekend : 1);
    sum += week[hour]!;
  }
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) week[hour]! *= HOURS_A_WEEK / sum;
  return week;
}

/** The factor at a moment in local milliseconds since 1970, between those of the hours' middles on a straight line. */
export function seasonAt(week: Float64Array, localMs: number): number {
  const hours = localMs / HOUR_MS + EPOCH_HOUR_OF_WEEK - 0.5;
  const whole = Math.floor(hours);
  const rest = hours - whole;
  const first = ((whole % HOURS_A_WEEK) + HOURS_A_WEEK) % HOURS_A_WEEK;
  return week[first]! * (1 - rest) + week[(first + 1) % HOURS_A_WEEK]! * rest;
}
