/** Sensors in roads: rows come when they come, five to twenty minutes apart. */
import type { Chance } from '../../../services/simulator/chance/chance.ts';
import type { SketchMaker } from './look-alikes.ts';
import { bump, during, heavy, normal, places } from './noise.ts';

const ROWS = 2400;

type Rush = (hour: number) => number;
const rush: Rush = (hour) => bump(hour, 8, 1.2) + 1.2 * bump(hour, 17.5, 1.8);

function road(count: number, valueOf: (chance: Chance, hour: number, wrong: number) => number): SketchMaker {
  return (chance) => {
    const planted = places(chance, ROWS, count);
    const steps = Uint16Array.from({ length: ROWS }, () => 300 * chance.between(1, chance.next() < 0.1 ? 6 : 2));
    let seconds = 0;
    const values = Float64Array.from({ length: ROWS }, (_, i) => {
      seconds += steps[i]!;
      return valueOf(chance, (seconds % 86_400) / 3600, during(planted, i, 18));
    });
    return { values, planted, stepSeconds: (i) => steps[i]! };
  };
}

const speed = road(3, (chance, hour, wrong) => {
  const free = 66 - 9 * rush(hour) + 3.5 * normal(chance);
  return Math.round(Math.max(3, wrong < 0 ? free : [18, 34, 95][wrong]! + 4 * normal(chance)));
});

const occupancy = road(2, (chance, hour, wrong) => {
  const share = 3 + 7 * bump(hour, 13, 5) + 6 * rush(hour);
  return Math.round(100 * Math.max(0, share * (1 + 0.2 * normal(chance)) + (wrong < 0 ? 0 : 26))) / 100;
});

const travelTime = road(3, (chance, hour, wrong) =>
  Math.round(280 * (1 + 0.35 * rush(hour)) * Math.exp(0.12 * heavy(chance)) * (wrong < 0 ? 1 : chance.within(2.5, 6))),
);

export const ROADS: Readonly<Record<string, SketchMaker>> = {
  'roads/speed': speed,
  'roads/speed-2': speed,
  'roads/speed-3': speed,
  'roads/occupancy': occupancy,
  'roads/occupancy-2': occupancy,
  'roads/travel-time': travelTime,
  'roads/travel-time-2': travelTime,
};
