/** z-score by hour of the day: how many standard deviations above the mean that this hour had on the days before. */
import type { Approach } from '../approaches/approach.ts';
import type { TrafficApproach } from './traffic-approach.ts';

const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;
/** With fewer there is no deviation to speak of. */
const DAYS_MIN = 3;
/** A deviation of nothing would make everything infinitely odd; that of one access a day in ten. */
const DEVIATION_MIN = 0.3;

function start(): Approach {
  const days = new Float64Array(DAY_HOURS);
  const means = new Float64Array(DAY_HOURS);
  const squares = new Float64Array(DAY_HOURS);
  return {
    next(value, timeMs) {
      const hour = Math.floor(timeMs / HOUR_MS) % DAY_HOURS;
      const known = days[hour]!;
      const deviation = Math.max(DEVIATION_MIN, Math.sqrt(squares[hour]! / Math.max(1, known - 1)));
      const z = known < DAYS_MIN ? 0 : (value - means[hour]!) / deviation;
      const difference = value - means[hour]!;
      days[hour] = known + 1;
      means[hour]! += difference / (known + 1);
      squares[hour]! += difference * (value - means[hour]!);
      return Math.max(0, z);
    },
  };
}

export const HOUR_OF_DAY_SCORE: TrafficApproach = {
  name: 'z-score by hour of the day',
  stateBytes: 4 * 3 * DAY_HOURS,
  series: 'hourly',
  value: 'count',
  start,
};
