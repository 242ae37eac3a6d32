/** What happens to the whole platform: holidays, and outages after which hosts catch up. */
import type { Random } from './random.ts';
import { type Calendar, DAY, HOUR, type Program, type WorldOptions } from './shapes.ts';

const FIRST_MONDAY = Date.UTC(2026, 2, 2);

/** Worlds begin on different days of the week; two outages at most, two holidays at most. */
export function makeCalendar(options: WorldOptions, random: Random): Calendar {
  const start = FIRST_MONDAY + (options.seed % 7) * DAY;
  const end = start + options.days * DAY;
  const holidays = Array.from({ length: random.integer(1, 2) }, () => ({
    day: random.integer(3, Math.max(3, options.days - 2)),
    sensitivity: random.between(0.6, 1.2),
  }));
  const outages = Array.from({ length: random.integer(1, 2) }, () => {
    const from = start + random.between(2 * DAY, (options.days - 1) * DAY);
    return {
      start: from,
      end: from + random.between(0.5, 3) * HOUR,
      lost: random.between(0.2, 0.7),
      restamped: random.between(0, 0.6),
    };
  });
  return { start, end, holidays, outages };
}

/** Hour of the day (0-23) and day of the week (0 is Sunday) where the program's people live. */
export function localHour(program: Program, time: number): { hour: number; weekday: number } {
  const local = new Date(time + program.zoneHours * HOUR);
  return { hour: local.getUTCHours(), weekday: local.getUTCDay() };
}

/** What season, weekday, launch and growth make of the ordinary rate at `time`; 1 on average. No noise, holidays or promotions. */
export function seasonAt(program: Program, calendar: Calendar, time: number): number {
  if (time < program.bornAt) return 0;
  const { hour, weekday } = localHour(program, time);
  const week = weekday === 0 || weekday === 6 ? program.weekend : 1;
  const age = (time - program.bornAt) / DAY;
  const launch = program.launchDays === 0 ? 1 : 1 - Math.exp(-(age + 0.05) / program.launchDays);
  return program.hours[hour]! * week * launch * Math.exp((program.growthPerDay * (time - calendar.start)) / DAY);
}
