/** What people do: rides by the half hour, keys that are pressed. */
import type { SketchMaker } from './look-alikes.ts';
import { bump, heavy, normal, places, smoothNoise } from './noise.ts';

/** Seven months of rides: two peaks a day, other weekends; holidays that are like no day of their week, and a night of the year. */
const rides: SketchMaker = (chance) => {
  const days = 215;
  const wrongDays = places(chance, days, 5);
  const slow = smoothNoise(chance, 0.98);
  const values = Float64Array.from({ length: 48 * days }, (_, i) => {
    const [day, hour] = [Math.floor(i / 48), (i % 48) / 2];
    const isWeekend = day % 7 >= 5;
    const night = isWeekend ? 11 * bump(hour, 0.5, 2.5) : 3 * bump(hour, 0, 1.5);
    const shape = 2 + 14 * bump(hour, isWeekend ? 13 : 8.5, isWeekend ? 4.5 : 2) + 19 * bump(hour, 19, 3) + night;
    const kind = wrongDays.indexOf(day);
    const odd = kind < 0 ? 1 : kind === 2 ? (hour < 6 ? 2.6 : 0.8) : kind === 4 ? 0.12 : 0.5;
    return Math.round(Math.max(0, 800 * shape * odd * (1 + 0.05 * slow()) * (1 + 0.04 * normal(chance))));
  });
  return { values, planted: wrongDays.map((day) => 48 * day), stepSeconds: () => 1800 };
};

/** How long keys are held: another hand types. */
function keys(rows: number, count: number): SketchMaker {
  return (chance) => {
    const planted = places(chance, rows, count);
    const values = Float64Array.from({ length: rows }, (_, i) => {
      const wrong = planted.some((at) => at <= i && i < at + 40);
      return Math.max(0.01, 0.11 * Math.exp(0.25 * heavy(chance)) * (wrong ? 2.2 : 1));
    });
    return { values, planted, stepSeconds: () => 300 };
  };
}

export const COUNTERS: Readonly<Record<string, SketchMaker>> = {
  'counters/rides': rides,
  'counters/rides-2': rides,
  'counters/keys-held': keys(1900, 2),
  'counters/keys-down': keys(5300, 2),
};
