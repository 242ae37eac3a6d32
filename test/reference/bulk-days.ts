/**
 * Bulk traffic as days have it: many accesses by day and few by night, by users who open a program, use it for a while and are seen
 * between the accesses of others. Hours and days end in it, which is when baselines have most to do.
 */
import type { Random } from './random.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** Shares of the hours of a day, UTC: a night, a morning, a noon and an evening. */
const WEIGHTS = [3, 2, 1, 1, 1, 2, 4, 7, 9, 8, 7, 8, 10, 9, 7, 6, 6, 7, 9, 11, 12, 11, 8, 5];
/** Visits that are under way at the same time. */
const VISITS = 64;
/** One turn in so many a visit makes so many accesses in a row: more than limits of a user let pass. */
const HASTY_EVERY = 500;
const HASTY_ACCESSES = 20;
/** A visit goes on after each access with this probability: four accesses on average. */
const GOES_ON = 0.75;

/** Milliseconds after the beginning of each of `count` accesses spread over whole days; they only grow. */
export function dayTimes(count: number, days: number): (index: number) => number {
  const total = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  const ends = WEIGHTS.map((_, hour) => WEIGHTS.slice(0, hour + 1).reduce((sum, weight) => sum + weight, 0) / total);
  return (index) => {
    const at = (index / count) * days;
    const day = Math.floor(at);
    const share = at - day;
    const hour = ends.findIndex((end) => share < end);
    const begin = hour === 0 ? 0 : ends[hour - 1]!;
    const within = (share - begin) / (ends[hour]! - begin);
    return Math.floor((day * HOURS + hour + within) * HOUR_MS);
  };
}

/** Whose access comes next: of one of the visits under way, and when it ends another one begins. */
export function* visits<Visit>(begin: () => Visit, random: Random): Generator<Visit, never> {
  const underWay = Array.from({ length: VISITS }, begin);
  for (;;) {
    const place = random.below(VISITS);
    if (random.below(HASTY_EVERY) === 0) for (let i = 1; i < HASTY_ACCESSES; i++) yield underWay[place]!;
    yield underWay[place]!;
    if (!random.chance(GOES_ON)) underWay[place] = begin();
  }
}
