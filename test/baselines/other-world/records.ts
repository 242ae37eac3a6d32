/** The world as CloudEvents, one a line: declarations and entitlements first, each person's consent before their first access. */
import type { Incident, Program, WorldOptions } from './shapes.ts';
import { type ProgramArrival, registeredAt, type World } from './world.ts';

/** Granted to every program that declares one, so that policies which restrict them do not speak first. */
const RESTRICTED = [
  'phone_number',
  'contacts',
  'health',
  'sms',
  'call_log',
  'identity_document',
  'biometrics',
  'screen_recording',
];

const instant = (time: number): string => new Date(Math.floor(time)).toISOString();

function event(id: string, source: string, type: string, subject: string, time: number, data: object): string {
  return `${JSON.stringify({ specversion: '1.0', id, source, type: `ntk.${type}`, subject, time: instant(time), data })}\n`;
}

/** One purpose for each category, so that an access can always name one. */
function declaration(program: Program, version: number, categories: readonly string[]): object {
  return {
    version,
    developer: program.developer,
    name: program.id,
    class: program.className,
    purposes: categories.map((category) => ({
      id: `for-${category}`,
      text: `needs ${category}`,
      categories: [{ category, background: program.mayRunInBackground }],
    })),
    detected: categories,
  };
}

/** What a program's facts are, and when each one is appended. */
function facts(program: Program, world: World): { readonly at: number; readonly line: string; readonly version?: number }[] {
  const at = registeredAt(program, world.calendar);
  const first = [...program.categories, program.spare];
  const found: { at: number; line: string; version?: number }[] = [];
  const register = (version: number, time: number, categories: readonly string[]): void => {
    const line = event(
      `${program.id}-v${version}`,
      'review/other',
      'declaration',
      program.id,
      time,
      declaration(program, version, categories),
    );
    found.push({ at: time, line, version });
  };
  register(1, at, first);
  const { feature } = program;
  if (feature !== undefined) register(2, Math.max(feature.declaredAt, at), [...first, feature.category]);
  for (const category of [...first, ...(feature === undefined ? [] : [feature.category])]) {
    if (!RESTRICTED.includes(category)) continue;
    const line = event(`${program.id}-e-${category}`, 'review/other', 'entitlement', program.id, at, { category, granted: true });
    found.push({ at, line });
  }
  return found;
}

/** All lines of `events.ndjson`, in the order of the log. */
export function* eventLines(world: World): Generator<string> {
  const waiting = world.programs.flatMap((program) => facts(program, world).map((fact) => ({ ...fact, program })));
  waiting.sort((a, b) => a.at - b.at);
  const versions = new Map<string, number>();
  const consents = new Map<string, number>();
  let next = 0;
  for (const arrival of world.arrivals) {
    for (; next < waiting.length && waiting[next]!.at <= arrival.arrival; next++) {
      const { line, version, program } = waiting[next]!;
      if (version !== undefined) versions.set(program.id, version);
      yield line;
    }
    const { program, access } = arrival;
    const version = versions.get(program.id) ?? 1;
    const key = `${program.id}/${access.user}`;
    // Agreed again where the declaration has changed.
    if (consents.get(key) !== version) {
      consents.set(key, version);
      const data = { user: access.user, state: 'granted', categories: ['*'], declarationVersion: version, basis: 'explicit' };
      yield event(`${key}-c${version}`, arrival.source, 'consent', program.id, access.time, data);
    }
    yield accessLine(arrival);
  }
}

function accessLine({ program, access, number, source }: ProgramArrival): string {
  const { user, category, foreground, rows, bytes, page } = access;
  const data = { user, api: `other.${category}`, category, purpose: `for-${category}`, page, foreground, rows, bytes };
  return event(`${program.id}-${number.toString(36)}`, source, 'access', program.id, access.time, data);
}

/** `labels.json` of `schemas/simulation/labels.ts`, with the strength of each incident. */
export function labels(options: WorldOptions, incidents: readonly Incident[]): object {
  return {
    seed: options.seed,
    programs: options.programs,
    days: options.days,
    incidents: incidents.map((incident) => ({ ...incident, start: instant(incident.start), end: instant(incident.end) })),
  };
}
