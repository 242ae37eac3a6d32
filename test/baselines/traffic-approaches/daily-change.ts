/** "X % more than yesterday": the last 24 hours against the 24 before. What many products ship; no model, no season but the day's. */
import type { Approach } from '../approaches/approach.ts';
import type { TrafficApproach } from './traffic-approach.ts';

const DAY_HOURS = 24;

function start(): Approach {
  const ring = new Float64Array(2 * DAY_HOURS);
  let [hours, today, yesterday] = [0, 0, 0];
  return {
    next(value) {
      const place = hours % ring.length;
      const aDayAgo = ring[(place + DAY_HOURS) % ring.length]!;
      today += value - aDayAgo;
      yesterday += aDayAgo - ring[place]!;
      ring[place] = value;
      hours += 1;
      if (hours < ring.length) return 0;
      // As a share: 1 is twice as much. A day without any counts as one access.
      return Math.max(0, today / Math.max(1, yesterday) - 1);
    },
  };
}

export const DAILY_CHANGE: TrafficApproach = {
  name: 'X % more than yesterday',
  stateBytes: 4 * (2 * DAY_HOURS + 3),
  series: 'hourly',
  value: 'count',
  start,
};
