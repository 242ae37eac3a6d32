/** Labelled traffic as hourly series in memory: what a detector of series is given of it. */
import { CATALOGUE } from '../../../schemas/catalogue/index.ts';
import type { LabelledWorld } from '../../../services/domain/evaluation/labels-file.ts';

export const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** People of one program that are told apart; more would be counted as one another. */
const PEOPLE_MAX = 2 ** 22;

export interface HourlySeries {
  /** A category, or what of the whole program is counted. `people_today` begins anew at midnight (UTC). */
  readonly of: string;
  readonly counts: Float32Array;
}

export interface HourlyProgram {
  readonly id: string;
  /** Of its first access; nothing is known of a program before. */
  readonly firstHour: number;
  readonly accesses: Float32Array;
  readonly series: readonly HourlySeries[];
}

export interface HourlyWorld {
  readonly labels: LabelledWorld;
  readonly startMs: number;
  readonly hours: number;
  readonly programs: readonly HourlyProgram[];
  /** Program-days with at least one access. */
  readonly activeProgramDays: number;
}

class Counted {
  readonly people = new Map<string, number>();
  readonly hoursOfPeople = new Set<number>();
  /** By person and day: the first hour in which they were reached. */
  readonly firstOfDay = new Map<number, number>();
  readonly series = new Map<string, Float32Array>();
  readonly hours: number;

  constructor(hours: number) {
    this.hours = hours;
  }

  add(of: string, hour: number, amount: number): void {
    let counts = this.series.get(of);
    if (counts === undefined) this.series.set(of, (counts = new Float32Array(this.hours)));
    counts[hour]! += amount;
  }

  reach(user: string, hour: number): void {
    const person = this.people.get(user) ?? Math.min(this.people.size, PEOPLE_MAX - 1);
    this.people.set(user, person);
    const key = hour * PEOPLE_MAX + person;
    if (!this.hoursOfPeople.has(key)) {
      this.hoursOfPeople.add(key);
      this.add('people', hour, 1);
    }
    const day = Math.floor(hour / DAY_HOURS) * PEOPLE_MAX + person;
    this.firstOfDay.set(day, Math.min(hour, this.firstOfDay.get(day) ?? hour));
  }
}

/**
 * Counts the accesses of `lines` (an `events.ndjson`), each event once, by the hour of its event time. Hours are whole before anybody looks
 * at them: what arrives late is in the hour where it belongs, which no live detector can have.
 */
export async function hourlyWorld(lines: Iterable<string> | AsyncIterable<string>, labels: LabelledWorld): Promise<HourlyWorld> {
  const hours = DAY_HOURS * Math.ceil(labels.days);
  const counted = new Map<string, Counted>();
  const seen = new Set<string>();
  let startMs = Number.NaN;
  for await (const line of lines) {
    if (!line.includes('"type":"ntk.access"')) continue;
    const { id, source, subject, time, data } = JSON.parse(line);
    const timeMs = Date.parse(time);
    if (Number.isNaN(startMs)) startMs = Math.floor(timeMs / (DAY_HOURS * HOUR_MS)) * DAY_HOURS * HOUR_MS;
    const hour = Math.floor((timeMs - startMs) / HOUR_MS);
    if (hour < 0 || hour >= hours || seen.has(`${source} ${id}`)) continue;
    seen.add(`${source} ${id}`);
    let program = counted.get(subject);
    if (program === undefined) counted.set(subject, (program = new Counted(hours)));
    program.add(data.category ?? CATALOGUE.get(data.api) ?? 'unknown', hour, 1);
    program.add('accesses', hour, 1);
    program.add('rows', hour, data.rows ?? 1);
    program.reach(data.user, hour);
  }
  const programs = [...counted].map(([id, program]) => programOf(id, program));
  let activeProgramDays = 0;
  for (const { accesses } of programs)
    for (let day = 0; day < hours; day += DAY_HOURS)
      if (accesses.subarray(day, day + DAY_HOURS).some((count) => count > 0)) activeProgramDays += 1;
  return { labels, startMs, hours, programs, activeProgramDays };
}

function programOf(id: string, program: Counted): HourlyProgram {
  for (const hour of program.firstOfDay.values()) {
    const end = (Math.floor(hour / DAY_HOURS) + 1) * DAY_HOURS;
    for (let later = hour; later < end; later++) program.add('people_today', later, 1);
  }
  const accesses = program.series.get('accesses')!;
  const firstHour = accesses.findIndex((count) => count > 0);
  const series = [...program.series].map(([of, counts]) => ({ of, counts }));
  return { id, firstHour, accesses, series: series.sort((a, b) => (a.of < b.of ? -1 : 1)) };
}
