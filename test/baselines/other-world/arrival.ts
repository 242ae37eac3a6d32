/** How accesses reach the log: late, twice, with wrong clocks, and all at once after an outage. */
import type { Random } from './random.ts';
import { type Access, type Calendar, HOUR, MINUTE, SECOND } from './shapes.ts';

export type Arrival = { readonly arrival: number; readonly access: Access; readonly number: number; readonly source: string };

const SOURCES = ['host/other-ios', 'host/other-android', 'host/other-pad'];

/** In no order. `number` names the event: the same one twice is a duplicate. */
export function arrivals(accesses: readonly Access[], calendar: Calendar, random: Random): Arrival[] {
  const found: Arrival[] = [];
  const skews = new Map<string, number>();
  accesses.forEach((original, number) => {
    let access = original;
    const { user, time } = access;
    if (!skews.has(user)) skews.set(user, random.chance(0.015) ? random.between(-12, 12) * MINUTE : 0);
    let arrival = time + random.exponential(2) * SECOND;
    // Phones without a connection: minutes to hours.
    if (random.chance(0.012)) arrival = time + Math.min(12 * HOUR, 10 * MINUTE * Math.exp(1.2 * random.normal()));
    const outage = calendar.outages.find(({ start, end }) => time >= start && time < end);
    if (outage !== undefined) {
      if (random.chance(outage.lost)) return;
      arrival = Math.max(arrival, outage.end + random.exponential(6) * MINUTE);
      // Some hosts stamp what they catch up with when they send it.
      if (random.chance(outage.restamped)) access = { ...access, time: arrival };
    }
    const skew = skews.get(user)!;
    if (skew !== 0) access = { ...access, time: access.time + skew };
    const source = SOURCES[(user.charCodeAt(user.length - 1) + user.length) % SOURCES.length]!;
    found.push({ arrival, access, number, source });
    if (random.chance(0.005)) found.push({ arrival: arrival + random.exponential(5) * MINUTE, access, number, source });
  });
  return found;
}
