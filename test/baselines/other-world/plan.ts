/** Which program does what wrong, when: about one incident in 150 program-days, of all ten kinds, half of them camouflaged. */
import type { Category } from '../../../schemas/codes.ts';
import type { IncidentKind } from '../../../schemas/simulation/labels.ts';
import { localHour, seasonAt } from './calendar.ts';
import type { Random } from './random.ts';
import { type Calendar, DAY, HOUR, type Incident, type Program, type Strength } from './shapes.ts';

export const PROGRAM_DAYS_PER_INCIDENT = 150;
/** Nothing with less evidence than this, in accesses added or changed, is called an incident. */
export const EVIDENCE_MIN = 12;
/** So much is made, because some of it does not arrive in time. */
export const EVIDENCE_MADE_MIN = 17;
/** Incidents that only change what is there anyway last longer where there are few calls, but no longer than this. */
export const CHANGE_HOURS_MAX = 48;
/** Programs with fewer accesses a day than this have no incidents, but for those of their first day. */
export const HOST_PER_DAY_MIN = 40;
/** Siblings of a fleet of middle size; a fleet is planned in the place of so many incidents. */
const FLEET_MIN = 3;
const FLEET_MAX = 12;

type Range = readonly [number, number];
type Shape = { readonly factor: Readonly<Record<Strength, Range>>; readonly hours: Range };

/**
 * What strength means, kind by kind.
 * rate_burst, sibling_fleet: rate of the category against the ordinary one. slow_ramp: the same at its end.
 * low_and_slow, off_hours: against the category's rate at night, or in an average hour. periodic_polling: devices polled.
 * spread: people reached against before, by the same calls. volume: rows a call. new_category: accesses of it.
 * first_day_abuse: accesses an hour.
 */
export const SHAPES: Readonly<Record<IncidentKind, Shape>> = {
  rate_burst: { factor: { weak: [3, 5], medium: [5, 15], strong: [15, 50] }, hours: [0.5, 5] },
  slow_ramp: { factor: { weak: [3, 4], medium: [4, 8], strong: [8, 16] }, hours: [96, 192] },
  low_and_slow: { factor: { weak: [2, 3], medium: [3, 6], strong: [6, 12] }, hours: [7, 10] },
  periodic_polling: { factor: { weak: [1, 1], medium: [2, 3], strong: [4, 8] }, hours: [6, 24] },
  spread: { factor: { weak: [2, 3], medium: [3, 5], strong: [5, 10] }, hours: [4, 14] },
  volume: { factor: { weak: [3, 5], medium: [5, 15], strong: [15, 50] }, hours: [3, 14] },
  new_category: { factor: { weak: [12, 20], medium: [20, 60], strong: [60, 200] }, hours: [2, 24] },
  off_hours: { factor: { weak: [0.5, 1], medium: [1, 3], strong: [3, 10] }, hours: [2, 4] },
  sibling_fleet: { factor: { weak: [2, 2.6], medium: [2.6, 3.4], strong: [3.4, 4] }, hours: [10, 24] },
  first_day_abuse: { factor: { weak: [5, 10], medium: [10, 40], strong: [40, 150] }, hours: [8, 24] },
};

const KINDS = (Object.keys(SHAPES) as IncidentKind[]).filter((kind) => kind !== 'sibling_fleet' && kind !== 'first_day_abuse');

/** How many programs are made only to do wrong on their first day. */
export function firstDayCount(programs: number, days: number): number {
  return Math.max(1, Math.round((programs * days) / PROGRAM_DAYS_PER_INCIDENT / 10));
}

/** Accesses of a category in the hour around `time`, without noise. */
export function expectedPerHour(program: Program, calendar: Calendar, category: Category, time: number): number {
  const share = program.mix[program.categories.indexOf(category)] ?? 0;
  return (program.perDay / 24) * seasonAt(program, calendar, time) * share;
}

/**
 * Of a `spread` or `volume`: which share of the calls is changed, and how many calls there have to be. With visits of `visitLength`,
 * giving this share of the calls somebody of their own multiplies the people by `factor`.
 */
export function callsToChange(
  { kind, factor }: Pick<Incident, 'kind' | 'factor'>,
  { visitLength }: Program,
): { readonly share: number; readonly needed: number } {
  const share = kind === 'spread' ? Math.min(1, (factor - 1) / (visitLength - 1)) : 1;
  return { share, needed: EVIDENCE_MADE_MIN / share };
}

export function planIncidents(
  programs: readonly Program[],
  newborn: ReadonlySet<string>,
  calendar: Calendar,
  random: Random,
): Incident[] {
  const days = (calendar.end - calendar.start) / DAY;
  const each = Math.max(1, Math.round((programs.length * days) / PROGRAM_DAYS_PER_INCIDENT / 10));
  const planned: Incident[] = [];
  const taken = new Set<string>();
  const add = (program: Program, kind: IncidentKind, group?: string, when?: Range): boolean => {
    const incident = planOne(program, kind, planned.length + 1, calendar, random, group, when);
    if (incident === undefined) return false;
    planned.push(incident);
    taken.add(program.id);
    return true;
  };
  for (const program of programs) if (newborn.has(program.id)) add(program, 'first_day_abuse');
  for (let fleet = 1; fleet <= Math.max(1, Math.round(each / 4)); fleet++) {
    const begin = calendar.start + random.between(0.36, 0.85) * days * DAY;
    const when: Range = [begin, begin + random.between(...SHAPES.sibling_fleet.hours) * HOUR];
    const siblings = fleetOf(programs, taken, random, when[0]);
    const first = planned.length;
    for (const program of siblings) add(program, 'sibling_fleet', `fleet-${fleet}`, when);
    alike(planned, first, programs);
  }
  const hosts = random.shuffled(programs.filter((program) => isHost(program, calendar) && !taken.has(program.id)));
  for (let round = 0; round < each; round++) {
    for (const kind of random.shuffled(KINDS)) {
      const at = hosts.findIndex((program) => suits(program, kind) && add(program, kind));
      if (at >= 0) hosts.splice(at, 1);
    }
  }
  return planned.sort((a, b) => a.start - b.start).map((incident, index) => ({ ...incident, id: `i${index + 1}` }));
}

function isHost(program: Program, calendar: Calendar): boolean {
  return program.perDay >= HOST_PER_DAY_MIN && program.bornAt === calendar.start;
}

/** Programs of one developer who were there two days before. */
function fleetOf(programs: readonly Program[], taken: ReadonlySet<string>, random: Random, start: number): Program[] {
  const byDeveloper = Object.groupBy(
    programs.filter(({ id, perDay, bornAt }) => perDay >= HOST_PER_DAY_MIN / 2 && !taken.has(id) && bornAt < start - 2 * DAY),
    ({ developer }) => developer,
  );
  const fleets = Object.values(byDeveloper).filter((list) => list !== undefined && list.length >= FLEET_MIN) as Program[][];
  if (fleets.length === 0) return [];
  const fleet = random.pick(fleets);
  return random.shuffled(fleet).slice(0, random.integer(FLEET_MIN, Math.min(FLEET_MAX, fleet.length)));
}

/** Members from `first` on do the same thing: as well hidden, about as strongly, and with one category where they use it. */
function alike(planned: Incident[], first: number, programs: readonly Program[]): void {
  const leader = planned[first];
  if (leader === undefined) return;
  for (let index = first; index < planned.length; index++) {
    const member = planned[index]!;
    const { categories, mix } = programs.find(({ id }) => id === member.program)!;
    const category = (mix[categories.indexOf(leader.category)] ?? 0) > 0.04 ? leader.category : member.category;
    const { strength, camouflaged, factor } = leader;
    planned[index] = { ...member, category, strength, camouflaged, factor };
  }
}

function suits(program: Program, kind: IncidentKind): boolean {
  if (kind === 'periodic_polling' || kind === 'low_and_slow') return program.mayRunInBackground;
  if (kind === 'spread') return program.visitLength > 3 && program.tripSeconds === undefined;
  // Night has to be night there.
  if (kind === 'off_hours') return Math.min(...program.hours) < 0.25;
  return true;
}

function planOne(
  program: Program,
  kind: IncidentKind,
  number: number,
  calendar: Calendar,
  random: Random,
  group: string | undefined,
  when: Range | undefined,
): Incident | undefined {
  const days = (calendar.end - calendar.start) / DAY;
  const strength = random.pick(['weak', 'medium', 'strong'] as const);
  const common = random.weighted(program.mix.map((share) => (share >= 0.1 ? share : 0)));
  const category = kind === 'new_category' ? program.spare : program.categories[common]!;
  const hours = random.between(...SHAPES[kind].hours);
  let start = calendar.start + random.between(0.36, 0.9) * days * DAY;
  if (when !== undefined) start = when[0];
  else if (kind === 'first_day_abuse') start = program.bornAt + random.between(0, 3) * HOUR;
  else if (kind === 'slow_ramp') start = calendar.start + random.between(0.34, 0.6) * days * DAY;
  else if (kind === 'low_and_slow') start = atLocalHour(program, start, random.integer(21, 23));
  else if (kind === 'off_hours') start = atLocalHour(program, start, quietestHour(program));
  const end = when === undefined ? start + hours * HOUR : when[1];
  if (end > calendar.end || isHiddenByOutage(start, end, calendar)) return;
  let [low, high] = SHAPES[kind].factor[strength];
  // People cannot be reached more often than there are calls.
  if (kind === 'spread') [low, high] = [Math.min(low, program.visitLength * 0.8), Math.min(high, program.visitLength)];
  const factor = Math.round(random.between(low, high) * 100) / 100;
  if (kind === 'spread' || kind === 'volume') {
    const calls = ((program.perDay * program.mix[program.categories.indexOf(category)]!) / 24) * CHANGE_HOURS_MAX;
    if (calls < 2 * callsToChange({ kind, factor }, program).needed) return;
  }
  const camouflaged = random.chance(0.5);
  const at = { start: Math.floor(start), end: Math.floor(end) };
  const incident = { id: `i${number}`, program: program.id, kind, category, ...at, strength, camouflaged, factor };
  return group === undefined ? incident : { ...incident, group };
}

/** Of what happens while hosts cannot report there is not enough left to call it an incident. */
function isHiddenByOutage(start: number, end: number, { outages }: Calendar): boolean {
  return outages.some((outage) => Math.min(end, outage.end) - Math.max(start, outage.start) > (end - start) / 5);
}

function atLocalHour(program: Program, time: number, hour: number): number {
  const day = Math.floor((time + program.zoneHours * HOUR) / DAY) * DAY;
  return day + hour * HOUR - program.zoneHours * HOUR;
}

/** The local hour after which the two quietest hours lie. */
function quietestHour(program: Program): number {
  const sums = program.hours.map((weight, hour) => weight + program.hours[(hour + 1) % 24]!);
  return sums.indexOf(Math.min(...sums));
}

export function isNight(program: Program, time: number): boolean {
  const { hour } = localHour(program, time);
  return hour < 6 || hour >= 22;
}
