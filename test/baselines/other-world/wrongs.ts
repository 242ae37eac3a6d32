/** Does what was planned: adds accesses to a program's traffic, or changes those that it makes anyway. */
import { callsToChange, CHANGE_HOURS_MAX, EVIDENCE_MADE_MIN, expectedPerHour } from './plan.ts';
import type { Traffic } from './ordinary.ts';
import type { Random } from './random.ts';
import { type Access, type Calendar, HOUR, type Incident, MINUTE, type Program, SECOND } from './shapes.ts';

const ADDED_MAX = 30_000;
/** Devices that a careless attacker uses. */
const CARELESS_USERS = 4;

/** Returns the incident with the end that it came to have, or `undefined` where too little could be done to be seen. */
export function commit(
  incident: Incident,
  program: Program,
  traffic: Traffic,
  calendar: Calendar,
  random: Random,
): Incident | undefined {
  const before = traffic.accesses.length;
  const done = perform(incident, program, traffic, calendar, random);
  for (const access of traffic.accesses.slice(before)) access.evidenceOf = incident.id;
  return done;
}

function perform(
  incident: Incident,
  program: Program,
  traffic: Traffic,
  calendar: Calendar,
  random: Random,
): Incident | undefined {
  switch (incident.kind) {
    case 'periodic_polling':
      return poll(incident, program, traffic, random);
    case 'low_and_slow':
      return oneByOne(incident, program, traffic, calendar, random);
    case 'spread':
    case 'volume':
      return change(incident, program, traffic, calendar, random);
    default:
      return addAccesses(incident, program, traffic, calendar, random);
  }
}

/** Mean accesses to add in each slice of the incident (slices of a quarter of an hour at most). */
function additions(
  incident: Incident,
  program: Program,
  calendar: Calendar,
): { readonly times: number[]; readonly counts: number[] } {
  const { kind, start, end, factor, category } = incident;
  const slices = Math.max(8, Math.ceil((end - start) / (15 * MINUTE)));
  const slice = (end - start) / slices;
  const times = Array.from({ length: slices }, (_, index) => start + index * slice);
  const counts = times.map((time, index) => {
    const hours = slice / HOUR;
    const usual = expectedPerHour(program, calendar, category, time) * hours;
    if (kind === 'rate_burst' || kind === 'sibling_fleet') return usual * (factor - 1);
    // Grows by the same factor each day, from nothing to `factor` times the usual.
    if (kind === 'slow_ramp') return usual * (factor ** ((index + 1) / slices) - 1);
    if (kind === 'new_category') return factor / slices;
    const share = program.mix[program.categories.indexOf(category)]!;
    if (kind === 'off_hours') return (program.perDay / 24) * share * factor * hours;
    return factor * hours;
  });
  return { times, counts };
}

function addAccesses(incident: Incident, program: Program, traffic: Traffic, calendar: Calendar, random: Random): Incident {
  const { times, counts } = additions(incident, program, calendar);
  const sum = counts.reduce((total, count) => total + count, 0);
  const scale = Math.min(ADDED_MAX, Math.max(EVIDENCE_MADE_MIN, sum)) / Math.max(sum, 1e-9);
  const slice = (incident.end - incident.start) / times.length;
  let owed = 0;
  let made = 0;
  for (const [index, begin] of times.entries()) {
    for (owed += counts[index]! * scale; owed > 0; ) {
      const added = addOne(incident, program, traffic, random, random.between(begin, begin + slice));
      owed -= added;
      made += added;
    }
  }
  while (made < EVIDENCE_MADE_MIN)
    made += addOne(incident, program, traffic, random, random.between(incident.start, incident.end - MINUTE));
  return incident;
}

/** One visit like all others of this program where it is camouflaged, else one call for one of a few devices, mostly off screen. */
function addOne(incident: Incident, program: Program, traffic: Traffic, random: Random, time: number): number {
  const { category, camouflaged, end } = incident;
  if (camouflaged) {
    const before = traffic.accesses.length;
    traffic.visit(time, !random.chance(traffic.backgroundShare(time)), category);
    const added = traffic.accesses.splice(before).filter((access) => access.time < end);
    traffic.accesses.push(...added);
    return added.length;
  }
  const user = `x-${program.id}-${random.integer(1, CARELESS_USERS)}`;
  traffic.accesses.push(traffic.access(time, user, category, !(program.mayRunInBackground && random.chance(0.8))));
  return 1;
}

/** Position after position of the same device, day and night; a person's phone is never that even. */
function poll(incident: Incident, program: Program, traffic: Traffic, random: Random): Incident {
  const { start, end, category, camouflaged, factor } = incident;
  for (let device = Math.round(factor); device > 0; device--) {
    const interval = Math.min(30 ** random.uniform() * MINUTE, (end - start) / (EVIDENCE_MADE_MIN + 1));
    const jitter = camouflaged ? random.between(0.06, 0.12) : 0.01;
    const user = camouflaged ? traffic.person(1) : `x-${program.id}-${device}`;
    for (let time = start + random.uniform() * interval; time < end; ) {
      traffic.accesses.push(traffic.access(time, user, category, false));
      time += interval * Math.max(0.5, 1 + jitter * random.normal());
    }
  }
  return incident;
}

/** One record of one person at a time, all night, one person after the other. */
function oneByOne(incident: Incident, program: Program, traffic: Traffic, calendar: Calendar, random: Random): Incident {
  const { start, end, category, camouflaged, factor } = incident;
  let usual = 0;
  for (let time = start; time < end; time += 15 * MINUTE) usual += expectedPerHour(program, calendar, category, time) / 4;
  const count = Math.min(ADDED_MAX, Math.max(EVIDENCE_MADE_MIN, Math.round(usual * (factor - 1))));
  const gap = (end - start) / count;
  for (let index = 0; index < count; index++) {
    // Camouflaged: as uneven as chance. Otherwise: one after the other, as a loop with a pause does it.
    const time = camouflaged ? random.between(start, end) : start + (index + random.between(0.3, 0.7)) * gap;
    const user = camouflaged ? traffic.person() : `y-${program.id}-${index}`;
    const foreground = camouflaged ? !random.chance(traffic.backgroundShare(time)) : false;
    const access = traffic.access(Math.min(time, end - SECOND), user, category, foreground);
    traffic.accesses.push({ ...access, rows: 1, bytes: Math.min(access.bytes, program.rows.get(category)!.rowBytes) });
  }
  return incident;
}

/** The same calls reach more people, or return more. Lasts longer where there are few calls. */
function change(
  incident: Incident,
  program: Program,
  traffic: Traffic,
  calendar: Calendar,
  random: Random,
): Incident | undefined {
  const { start, category, kind, factor, camouflaged } = incident;
  const mine = traffic.accesses.filter((access) => access.category === category && access.time >= start);
  mine.sort((a, b) => a.time - b.time);
  const { share, needed } = callsToChange(incident, program);
  const last = mine[Math.ceil(needed) - 1];
  if (last === undefined) return;
  const end = Math.max(incident.end, Math.floor(last.time) + 1);
  if (end > calendar.end || end - start > CHANGE_HOURS_MAX * HOUR) return;
  const touched = mine.filter(({ time }) => time < end);
  if (kind === 'volume') {
    for (const access of touched) {
      enlarge(access, factor * random.logNormal(0.25), camouflaged || random.chance(0.6));
      access.evidenceOf = incident.id;
    }
    return { ...incident, end };
  }
  for (const [index, access] of touched.entries()) {
    // In turn rather than by chance, so that enough of few are changed.
    if (Math.floor((index + 1) * share) === Math.floor(index * share)) continue;
    access.user = camouflaged ? traffic.person(0.5) : `y-${program.id}-${index}`;
    access.evidenceOf = incident.id;
  }
  return { ...incident, end };
}

function enlarge(access: Access, factor: number, asItWas: boolean): void {
  access.rows = Math.max(1, Math.round(access.rows * factor));
  access.bytes = Math.round(access.bytes * factor);
  if (!asItWas) access.page = '';
}
