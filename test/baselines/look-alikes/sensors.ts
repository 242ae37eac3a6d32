/** Temperatures: slow, with faults of what they measure. */
import type { SketchMaker } from './look-alikes.ts';
import { during, normal, places, smoothNoise } from './noise.ts';

/** Inside a large machine, five minutes apart, eleven weeks: drifts, cools down when it is stopped, and falls where it fails. */
const insideMachine: SketchMaker = (chance) => {
  const rows = 22_000;
  const planted = places(chance, rows, 4);
  const drift = smoothNoise(chance, 0.9995);
  const sway = smoothNoise(chance, 0.97);
  let temperature = 88;
  const values = Float64Array.from({ length: rows }, (_, i) => {
    const wrong = during(planted, i, 250);
    const target = wrong < 0 ? 88 + 7 * drift() + 2 * sway() : [20, 55, 108, 10][wrong]!;
    temperature += (wrong < 0 ? 0.2 : 0.06) * (target - temperature);
    return temperature + 0.4 * normal(chance);
  });
  return { values, planted, stepSeconds: () => 300 };
};

/** An office by the hour, ten months: days, seasons and a heating that fails. */
const office: SketchMaker = (chance) => {
  const rows = 7200;
  const planted = places(chance, rows, 2);
  const sway = smoothNoise(chance, 0.95);
  const values = Float64Array.from({ length: rows }, (_, i) => {
    const wrong = during(planted, i, 40);
    const season = 4 * Math.sin((2 * Math.PI * i) / 8760);
    const day = 1.5 * Math.sin((2 * Math.PI * i) / 24);
    return 70 + season + day + 1.6 * sway() + 0.4 * normal(chance) + (wrong < 0 ? 0 : [-11, 9][wrong]!);
  });
  return { values, planted, stepSeconds: () => 3600 };
};

export const SENSORS: Readonly<Record<string, SketchMaker>> = {
  'sensors/machine': insideMachine,
  'sensors/machine-2': insideMachine,
  'sensors/office': office,
  'sensors/office-2': office,
};
