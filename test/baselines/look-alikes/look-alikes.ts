/**
 * Series of the kinds that operators watch and that are not at hand: what machines, sensors, taxis and roads look like from general
 * knowledge, with planted anomalies. They guard a detector against fitting the part of the benchmark that is given; they are no proof,
 * because who made them also made the detector.
 */
import { Chance } from '../../../services/simulator/chance/chance.ts';
import type { LabelledSeries } from '../nab/series.ts';
import { COUNTERS } from './counters.ts';
import { MACHINES } from './machines.ts';
import { ROADS } from './roads.ts';
import { SENSORS } from './sensors.ts';

/** What a maker has to say: values, where something begins that an operator wants to know, and how far apart rows are. */
export interface Sketch {
  readonly values: Float64Array;
  /** Rows where an anomaly begins, in order. */
  readonly planted: readonly number[];
  /** Seconds between row i and the one before. */
  readonly stepSeconds: (i: number) => number;
}

export type SketchMaker = (chance: Chance) => Sketch;

/** As the benchmark labels: a tenth of the rows, shared out to the anomalies, around each of them. */
const LABELLED_SHARE = 0.1;
const START_MS = Date.UTC(2020, 0, 6);

const KINDS: Readonly<Record<string, SketchMaker>> = { ...MACHINES, ...SENSORS, ...COUNTERS, ...ROADS };

export function lookAlikes(seed: number): LabelledSeries[] {
  return Object.entries(KINDS).map(([name, make], place) => label(name, make(new Chance(seed, place))));
}

function label(name: string, { values, planted, stepSeconds }: Sketch): LabelledSeries {
  const rows = values.length;
  const half = Math.floor((rows * LABELLED_SHARE) / Math.max(planted.length, 1) / 2);
  const windows: [number, number][] = [];
  for (const at of planted) {
    const from = Math.max(at - half, (windows.at(-1)?.[1] ?? -1) + 1);
    windows.push([from, Math.min(at + half, rows - 1)]);
  }
  const times = new Float64Array(rows);
  let time = START_MS;
  for (let i = 0; i < rows; i++) times[i] = time += 1000 * stepSeconds(i);
  const stamps = Array.from(times, (at) => new Date(at).toISOString().slice(0, 19).replace('T', ' '));
  return { name, stamps, times, values, windows };
}
