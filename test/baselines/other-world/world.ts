/** A world: programs, their traffic, what goes wrong in it, and the order in which it all reaches the log. */
import { type Arrival, arrivals } from './arrival.ts';
import { makeCalendar } from './calendar.ts';
import { Traffic } from './ordinary.ts';
import { firstDayCount, planIncidents } from './plan.ts';
import { type Birth, dailyRates, makeProgram } from './program.ts';
import { Random } from './random.ts';
import { type Calendar, DAY, HOUR, type Incident, type Program, type WorldOptions } from './shapes.ts';
import { commit } from './wrongs.ts';

export type ProgramArrival = Arrival & { readonly program: Program };
export type World = {
  readonly calendar: Calendar;
  readonly programs: readonly Program[];
  readonly incidents: readonly Incident[];
  /** By arrival. */
  readonly arrivals: readonly ProgramArrival[];
};

export function makeWorld(options: WorldOptions): World {
  const stream = (name: string): Random => new Random(options.seed, name);
  const calendar = makeCalendar(options, stream('calendar'));
  const rates = dailyRates(options, stream('rates'));
  const newborn = options.incidents ? firstDayCount(options.programs, options.days) : 0;
  const programs = rates.map((rate, index) => {
    const random = stream(`program ${index}`);
    const isNewborn = index < newborn;
    const birth: Birth | undefined = isNewborn
      ? { bornAt: calendar.start + random.between(0.15, 0.9) * options.days * DAY, launchDays: random.between(0.1, 4) }
      : undefined;
    // A program that does wrong on its first day had better not be the biggest of all.
    return makeProgram(index, isNewborn ? random.between(40, 300) : rate, birth, options, calendar, random);
  });
  const firstDay = new Set(programs.slice(0, newborn).map(({ id }) => id));
  const planned = options.incidents ? planIncidents(programs, firstDay, calendar, stream('plan')) : [];
  const incidents: Incident[] = [];
  const all: ProgramArrival[] = [];
  for (const program of programs) {
    const traffic = new Traffic(program, calendar, stream(`traffic ${program.id}`));
    traffic.live();
    for (const plan of planned) {
      if (plan.program !== program.id) continue;
      const done = commit(plan, program, traffic, calendar, stream(`incident ${plan.id}`));
      if (done !== undefined) incidents.push(done);
    }
    const kept = traffic.accesses.filter(({ time }) => time >= calendar.start && time < calendar.end);
    for (const arrival of arrivals(kept, calendar, stream(`arrival ${program.id}`))) all.push({ ...arrival, program });
  }
  all.sort((a, b) => a.arrival - b.arrival || (a.program.id < b.program.id ? -1 : 1));
  return { calendar, programs, incidents: incidents.sort((a, b) => a.start - b.start), arrivals: all };
}

/** When a program's first facts are on the log: well before its first access. */
export function registeredAt(program: Program, calendar: Calendar): number {
  return program.bornAt === calendar.start ? calendar.start - HOUR : program.bornAt - HOUR;
}
