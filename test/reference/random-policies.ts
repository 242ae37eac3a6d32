/** Policies that could be, and policies that could not. */
import { ACTIONS, LIMIT_KEYS, MODES, REASONS } from '../../schemas/codes.ts';
import { fnv1a32 } from './actions.ts';
import { APIS_BY_CATEGORY, CATEGORIES_IN_USE, CLASSES, EDGE_PROGRAMS } from './hostile-names.ts';
import type { Random } from './random.ts';

export interface PolicyWishes {
  readonly programs: readonly string[];
  /** Limits beside those that the edge programs walk along. */
  readonly limits: number;
}
/** A limit whose edge is walked along: only the accesses of `EDGE_PROGRAMS` to `api` ask it. */
export interface EdgeLimit {
  readonly api: string;
  readonly count: number;
  readonly per: string;
  readonly burst: number;
}

/** Reasons that these policies are about: all but those of baselines. */
const JUDGED = REASONS.slice(0, REASONS.indexOf('rate_limited') + 1);
/** As numbers that a double holds badly once they are multiplied by 100, and the bounds. */
const PERCENTS = [0, 0.01, 0.07, 0.29, 0.5, 1.1, 12.34, 33.33, 50, 57.99, 75, 99.99, 100];
const EDGE_APIS = ['wx.startCompass', 'wx.startGyroscope', 'wx.startAccelerometer', 'wx.startDeviceMotionListening'];
const EDGE_RATES: readonly { readonly count: number; readonly per: string }[] = [
  { count: 11, per: '1h' },
  { count: 7, per: '1h' },
  { count: 600, per: '10s' },
  { count: 16, per: '1ms' },
  { count: 3, per: '1ms' },
  { count: 1, per: '1d' },
  { count: 6000, per: '1m' },
  { count: 2_000_000, per: '1s' },
];

const orAbsent = <Value>(random: Random, probability: number, value: () => Value): Value | undefined =>
  random.chance(probability) ? value() : undefined;

/** Some members; now and then none at all, which matches nothing. */
const listOf = (random: Random, members: readonly string[], max: number): string[] =>
  random.some(members, random.chance(0.1) ? 0 : random.between(1, max));

function percentFor({ programs }: PolicyWishes, random: Random): number {
  if (random.chance(0.4)) return random.pick(PERCENTS);
  if (random.chance(0.3)) return random.below(10_001) / 100;
  // One that a program is just in, or just out of; best where `p * 100` is a little more than the cohort.
  const cohorts = programs.map((program) => fnv1a32(program) % 10_000);
  const inexact = cohorts.filter((cohort) => (cohort / 100) * 100 > cohort);
  if (inexact.length > 0 && random.chance(0.6)) return random.pick(inexact) / 100;
  return Math.min(100, (random.pick(cohorts) + random.below(2)) / 100);
}

function overrideFor(wishes: PolicyWishes, random: Random): object {
  return {
    match: {
      reasons: orAbsent(random, 0.6, () => listOf(random, JUDGED, 4)),
      categories: orAbsent(random, 0.25, () => listOf(random, CATEGORIES_IN_USE, 4)),
      programs: orAbsent(random, 0.25, () => listOf(random, wishes.programs, 4)),
      classes: orAbsent(random, 0.3, () => listOf(random, CLASSES, 4)),
      cohortPercent: orAbsent(random, 0.35, () => percentFor(wishes, random)),
    },
    mode: random.pick(MODES),
  };
}

function limitFor(index: number, wishes: PolicyWishes, random: Random): object {
  return {
    name: index === 0 ? '__proto__' : `limit ${index}`,
    key: random.some(LIMIT_KEYS, random.between(1, LIMIT_KEYS.length)),
    match: orAbsent(random, 0.8, () => ({
      categories: orAbsent(random, 0.4, () => listOf(random, CATEGORIES_IN_USE, 6)),
      apis: orAbsent(random, 0.2, () => listOf(random, [...APIS_BY_CATEGORY.values()].flat(), 12)),
      programs: orAbsent(random, 0.2, () => listOf(random, wishes.programs, 8)),
      classes: orAbsent(random, 0.3, () => listOf(random, CLASSES, 4)),
      foreground: orAbsent(random, 0.2, () => random.chance(0.4)),
    })),
    count: random.pick([1, 2, 3, 10, 60, 4096, 86_400]),
    per: random.pick(['500ms', '1s', '7s', '1m', '10m', '1h', '1d', '3d']),
    burst: random.pick([1, 1, 2, 3, 5, 100, 20_000]),
    cost: orAbsent(random, 0.6, () => random.pick(['calls', 'rows', 'bytes'])),
    shadow: orAbsent(random, 0.4, () => random.chance(0.5)),
    action: orAbsent(random, 0.3, () => random.pick(ACTIONS)),
  };
}

function edgeLimits(random: Random): { limits: object[]; edges: EdgeLimit[] } {
  const edges = EDGE_APIS.slice(0, 3).map((api) => ({ api, ...random.pick(EDGE_RATES), burst: random.pick([1, 2, 3, 4, 12]) }));
  const limits = edges.map(({ api, ...rate }, index) => ({
    name: `edge-${index}`,
    key: random.pick([['program'], ['user'], ['program', 'user'], ['api', 'category'], ['category', 'api']]),
    match: { apis: [api], programs: EDGE_PROGRAMS },
    ...rate,
    cost: random.pick(['calls', 'calls', 'rows', 'bytes', undefined]),
    action: orAbsent(random, 0.3, () => random.pick(ACTIONS)),
  }));
  // Beside the first edge stands a second limit with the same rate: both are asked, both or neither charged.
  const joint = {
    ...limits[0]!,
    name: 'edge-joint',
    shadow: random.pick([true, false, undefined]),
    burst: random.pick([1, 2, 6]),
  };
  return { limits: random.shuffled([...limits, joint]), edges };
}

/** Edge programs are let through to the limits, whatever else the policy says. */
const EDGES_PASS = {
  match: { programs: EDGE_PROGRAMS, reasons: JUDGED.filter((reason) => reason !== 'rate_limited') },
  mode: 'observe',
};

export function randomPolicy(version: string, wishes: PolicyWishes, random: Random): { document: object; edges: EdgeLimit[] } {
  const { limits, edges } = edgeLimits(random);
  const overrides = Array.from({ length: random.below(7) }, () => overrideFor(wishes, random));
  if (random.chance(0.7)) overrides.unshift(EDGES_PASS);
  const actions = Object.fromEntries(
    random.some(JUDGED, random.between(6, JUDGED.length)).map((reason) => [reason, random.pick([...ACTIONS, 'intercept'])]),
  );
  const document = {
    version,
    purposes: random.pick(['required', 'required', 'optional', undefined]),
    consent: orAbsent(random, 0.9, () => ({
      required: random.pick<unknown>(['*', ['*'], [], ...Array.from({ length: 6 }, () => random.some(CATEGORIES_IN_USE, 7))]),
    })),
    restricted: orAbsent(random, 0.9, () => random.some(CATEGORIES_IN_USE, random.below(6))),
    actions: orAbsent(random, 0.95, () => actions),
    modes: orAbsent(random, 0.95, () => ({ default: random.pick([...MODES, 'enforce', 'enforce', undefined]), overrides })),
    limits: random.shuffled([...limits, ...Array.from({ length: wishes.limits }, (_, index) => limitFor(index, wishes, random))]),
    baselines: { enabled: false, falseAlarmsPerProgramDay: 0.001 },
    unavailable: orAbsent(random, 0.5, () => ({ default: random.pick(ACTIONS), categories: { contacts: 'intercept' } })),
  };
  // Through JSON, so that what is absent is absent; or null, which says the same and yet is written.
  const writesNulls = random.chance(0.1);
  const written = JSON.stringify(document, (_, value: unknown) => (value === undefined && writesNulls ? null : value));
  return { document: JSON.parse(written) as object, edges };
}

const LIMIT = { name: 'one', key: ['program'], count: 1, per: '1s', burst: 1 };
/** Each of these members makes a valid document invalid. */
const WRONG_MEMBERS: readonly object[] = [
  { version: 5 },
  { version: null },
  { version: ['x'] },
  { surprise: 1 },
  { Actions: {} },
  { purposes: 'maybe' },
  { purposes: true },
  { consent: { required: 'location' } },
  { consent: { required: ['telepathy'] } },
  { consent: { needed: [] } },
  { consent: ['location'] },
  { restricted: 'location' },
  { restricted: ['Location'] },
  { actions: { consent_missing: 'block' } },
  { actions: { consent_mising: 'flag' } },
  { actions: ['flag'] },
  { modes: { default: 'off' } },
  { modes: { fallback: 'warn' } },
  { modes: { overrides: [{ match: { reasons: ['external_link'] } }] } },
  { modes: { overrides: [{ match: { apis: ['wx.getLocation'] }, mode: 'warn' }] } },
  { modes: { overrides: [{ match: { cohortPercent: 100.01 }, mode: 'warn' }] } },
  { modes: { overrides: [{ match: { cohortPercent: -1 }, mode: 'warn' }] } },
  { modes: { overrides: [{ match: { cohortPercent: '10' }, mode: 'warn' }] } },
  { modes: { overrides: [{ match: { categories: 'location' }, mode: 'warn' }] } },
  { modes: { overrides: [{ match: { programs: [5] }, mode: 'warn' }] } },
  { limits: {} },
  { limits: [LIMIT, LIMIT] },
  ...[
    { count: 0 },
    { count: 1.5 },
    { count: '1' },
    { count: null },
    { burst: 0 },
    { burst: null },
    { per: '0s' },
    { per: '1 s' },
    { per: '1w' },
    { per: 's' },
    { per: '-1s' },
    { per: '1.5s' },
    { per: 60 },
    { count: 2_000_001, per: '1s' },
    { key: ['page'] },
    { key: 'program' },
    { cost: 'call' },
    { shadow: 'yes' },
    { action: 'block' },
    { match: { reasons: ['rate_limited'] } },
    { match: { foreground: 'true' } },
    { match: { categories: ['telepathy'] } },
    { name: 5 },
    { name: null },
    { window: '1s' },
  ].map((wrong) => ({ limits: [{ ...LIMIT, count: 10, ...wrong }] })),
  { baselines: { enabled: 'no' } },
  { unavailable: { default: 'deny' } },
  { unavailable: { categories: { telepathy: 'allow' } } },
];

export const invalidPolicy = (random: Random): object => ({
  version: 'invalid',
  actions: { undeclared_category: 'intercept' },
  ...random.pick(WRONG_MEMBERS),
});
