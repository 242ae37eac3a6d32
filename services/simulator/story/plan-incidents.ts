/** Which programs what befalls, and when: every kind that there is time for, then more of them in turn. */
import { INCIDENT_KINDS, type IncidentKind } from '../../../schemas/simulation/labels.ts';
import type { Chance } from '../chance/chance.ts';
import { DAY_MS, HOUR_MS } from '../spans.ts';
import type { Program } from '../world/program.ts';
import type { Fate } from './fate.ts';
import { askFor, HOURS_LASTING, type Incident, shapeIncident } from './incident.ts';

/** One incident in so many program-days. */
const PROGRAM_DAYS_EACH = 150;
/** Not more of the programs than this. */
const PROGRAMS_SHARE_MAX = 0.4;
/** Share of what is left alone at the beginning, so that there is something ordinary to know; at most a week. */
const QUIET_SHARE = 0.35;
const QUIET_MAX_MS = 7 * DAY_MS;
/** Of what a story lasts. */
const LASTING_SHARE_MAX = 0.45;
const CAMOUFLAGED_SHARE = 0.5;
/** Accesses a day: too little would hide any factor, too much would drown everything else. */
const DAILY_MIN = 60;
const WORLD_SHARE_MAX = 0.02;
const SIBLINGS_MIN = 3;
const SIBLINGS_MAX = 12;
const TRIES_MAX = 40;

export interface Stage {
  readonly startMs: number;
  readonly endMs: number;
  /** Accesses a millisecond of all programs together. */
  readonly pace: number;
  readonly chance: Chance;
}

/** Gives incidents to fates that have none yet. Launched programs come for `first_day_abuse` only. */
export function planIncidents(fates: readonly Fate[], stage: Stage): Incident[] {
  const { startMs, endMs } = stage;
  const days = (endMs - startMs) / DAY_MS;
  const wanted = Math.max(INCIDENT_KINDS.length, Math.round((fates.length * days) / PROGRAM_DAYS_EACH));
  const count = Math.min(wanted, Math.ceil(fates.length * PROGRAMS_SHARE_MAX));
  const incidents: Incident[] = [];
  // The fleet first: it needs the most programs that nothing has befallen yet.
  const order: IncidentKind[] = ['sibling_fleet', ...INCIDENT_KINDS.filter((kind) => kind !== 'sibling_fleet')];
  for (let turn = 0; turn < count; turn++) {
    const kind = order[turn % order.length]!;
    if (HOURS_LASTING[kind][0] > hoursMax(stage)) continue;
    incidents.push(...(kind === 'sibling_fleet' ? planFleet(fates, stage, incidents.length) : planOne(kind, fates, stage)));
  }
  incidents.sort((a, b) => a.startMs - b.startMs || (a.program.id < b.program.id ? -1 : 1));
  for (const [index, incident] of incidents.entries()) incident.id = `i${index + 1}`;
  return incidents;
}

function hoursMax({ startMs, endMs }: Stage): number {
  return ((endMs - startMs) * LASTING_SHARE_MAX) / HOUR_MS;
}

/** A moment after the quiet time, early enough for what is shortest. */
function someMoment({ startMs, endMs, chance }: Stage, kind: IncidentKind): number {
  const quietMs = Math.min(QUIET_MAX_MS, (endMs - startMs) * QUIET_SHARE);
  const latest = endMs - HOURS_LASTING[kind][0] * HOUR_MS;
  return Math.round(chance.within(startMs + quietMs, Math.max(latest, startMs + quietMs + 1)));
}

/** Busy enough to be seen, not so busy that one incident is most of the world's traffic; all there are when none is. */
function suitable(fates: readonly Fate[], { pace }: Stage): Fate[] {
  const free = fates.filter(
    ({ incidents, launchMs, standing }) => incidents.length === 0 && launchMs === -Infinity && standing === null,
  );
  const fit = free.filter(
    ({ program }) => program.weight * pace * DAY_MS >= DAILY_MIN && program.weight <= WORLD_SHARE_MAX && program.isDeclared,
  );
  return fit.length > 0 ? fit : free;
}

function planOne(kind: IncidentKind, fates: readonly Fate[], stage: Stage): Incident[] {
  const { chance, endMs } = stage;
  const stageOf =
    kind === 'first_day_abuse'
      ? fates.filter(({ launchMs, incidents }) => launchMs > 0 && incidents.length === 0)
      : suitable(fates, stage);
  if (stageOf.length === 0) return [];
  const wantsCamouflage = chance.isBelow(CAMOUFLAGED_SHARE);
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const fate = chance.pick(stageOf);
    // After half of the tries camouflage is given up rather than the incident.
    const isCamouflaged = wantsCamouflage && attempt < TRIES_MAX / 2;
    const ask = askFor(kind, fate.program, isCamouflaged, chance);
    if (ask === null) continue;
    const atMs = kind === 'first_day_abuse' ? fate.launchMs : someMoment(stage, kind);
    const given = { kind, program: fate.program, ask, isCamouflaged, group: null };
    const incident = shapeIncident(given, { atMs, endMs, hoursMax: hoursMax(stage) }, chance);
    if (incident === null) continue;
    befall(fate, incident);
    return [incident];
  }
  return [];
}

function befall(fate: Fate, incident: Incident): void {
  fate.incidents.push(incident);
  if (incident.kind === 'first_day_abuse') {
    fate.launchMs = incident.startMs;
    fate.growthMs = 0;
  }
  // What happens to it is this: nothing honest may be mistaken for it.
  fate.promotions = [];
}

/** Programs of one developer that take one category together, each a little more than it did. */
function planFleet(fates: readonly Fate[], stage: Stage, number: number): Incident[] {
  const { chance, endMs } = stage;
  const fleets = new Map<string, Fate[]>();
  for (const fate of fates) {
    const { program, incidents, launchMs, standing } = fate;
    if (incidents.length > 0 || launchMs > 0 || standing !== null || !program.isDeclared) continue;
    const { name } = program.developer;
    fleets.set(name, [...(fleets.get(name) ?? []), fate]);
  }
  const large = chance.shuffled([...fleets.values()].filter(({ length }) => length >= SIBLINGS_MIN));
  // An agency with many programs rather than one with three.
  large.sort((a, b) => Math.min(b.length, SIBLINGS_MAX) - Math.min(a.length, SIBLINGS_MAX));
  for (const fleet of large) {
    const category = commonCategory(fleet.map(({ program }) => program));
    const able = fleet.filter(({ program }) => program.called.some(({ need }) => need.category === category));
    const siblings = chance.shuffled(able.filter(({ program }) => program.weight <= WORLD_SHARE_MAX)).slice(0, SIBLINGS_MAX);
    if (siblings.length < SIBLINGS_MIN) continue;
    const limits = { atMs: someMoment(stage, 'sibling_fleet'), endMs, hoursMax: hoursMax(stage) };
    const first = siblings[0]!;
    const askIn = (program: Program) => program.called.find(({ need }) => need.category === category)!;
    const given = { kind: 'sibling_fleet', isCamouflaged: chance.isBelow(CAMOUFLAGED_SHARE), group: `g${number + 1}` } as const;
    const pattern = shapeIncident({ ...given, program: first.program, ask: askIn(first.program) }, limits, chance);
    if (pattern === null) continue;
    return siblings.map((fate) => {
      const incident = { ...pattern, program: fate.program, ask: askIn(fate.program) };
      befall(fate, incident);
      return incident;
    });
  }
  return [];
}

/** Called by most of them; navigation is nobody's data. */
function commonCategory(programs: readonly Program[]): string {
  const counts = new Map<string, number>();
  for (const { called } of programs) {
    for (const category of new Set(called.map(({ need }) => need.category)))
      if (category !== 'navigation') counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0])[0];
}
