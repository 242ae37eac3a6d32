/** Distinct people reached since midnight, against the mean of the days before. */
import type { Approach } from '../approaches/approach.ts';
import type { TrafficApproach } from './traffic-approach.ts';

const DAY_MS = 86_400_000;
const DAYS_MIN = 3;

function start(): Approach {
  let [day, before, days, mean] = [-1, 0, 0, 0];
  return {
    next(value, timeMs) {
      const today = Math.floor(timeMs / DAY_MS);
      if (day >= 0 && today !== day) {
        days += 1;
        mean += (before - mean) / days;
      }
      day = today;
      before = value;
      // As a multiple of the mean, and only what is beyond it: 1 is twice as many.
      return days < DAYS_MIN ? 0 : Math.max(0, value / Math.max(1, mean) - 1);
    },
  };
}

export const PEOPLE_A_DAY: TrafficApproach = {
  name: 'distinct people a day against their mean',
  // Four numbers and the sketch that counts the people of the day.
  stateBytes: 4 * 4 + 256,
  series: 'people_today',
  value: 'count',
  start,
};
