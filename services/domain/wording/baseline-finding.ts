/** What the baselines found, in plain words: what was seen, what is ordinary for this program, and what the score is made of. */
import type { Feature } from '../baselines/features.ts';
import type { BaselineEvidence } from '../verdict/evidence.ts';
import { thingOf, wereOf } from './counted.ts';

type Values = Readonly<Record<string, unknown>>;

const NAMES: Readonly<Record<Feature, string>> = {
  category_share: 'this kind’s share of the program’s uses',
  category_calls: 'its share of the calls',
  background_share: 'how many are in the background',
  distinct_users: 'how many users are reached',
  rows_per_call: 'how much a call takes',
  quiet_hours: 'use at quiet hours',
  program_rate: 'use of the whole program',
  new_category: 'a kind of data that is new',
  rhythm: 'the even intervals',
  siblings: 'other programs of the developer',
  first_days: 'use unlike that of its class',
  category_ramp: 'a share that grows over days',
};

/** Contributions that come from uses, which are not as many as there are rows. */
const OF_USES: ReadonlySet<string> = new Set<Feature>([
  'category_share',
  'category_calls',
  'background_share',
  'quiet_hours',
  'program_rate',
  'new_category',
  'first_days',
  'category_ramp',
]);
const WHAT_USES_ARE =
  ' A use is all that one person calls within two minutes, and what one person goes on to do counts less and less.';
/** One person on one phone would otherwise be told as twenty users. */
const WHAT_USERS_ARE = ' Who comes back after an hour without a call counts as a user once more.';

/** Empty where a release had other features, or what was compared did not fit into the evidence. */
export function baselineFindingInWords(observed: Values, expected: Values): string {
  const { feature } = observed;
  if (typeof feature !== 'string' || !Object.hasOwn(NAMES, feature)) return '';
  const within = `Within ${many(observed.withinHours, 'hour')}`;
  return ` ${SENTENCES[feature as Feature](within, observed, expected)}`;
}

const SENTENCES: Readonly<Record<Feature, (within: string, observed: Values, expected: Values) => string>> = {
  category_share: (within, o, e) =>
    `${within}, ${number(o.usesOfCategory)} of ${many(o.usesOfProgram, 'use')} of the program ${were(o.usesOfCategory)} of this kind; ordinary would be ${usual(e, 'usesOfCategory')}.`,
  category_calls: (within, o, e) =>
    `${within}, ${number(o.callsOfCategory)} of ${many(o.callsOfProgram, 'call')} of the program ${were(o.callsOfCategory)} of this kind; ordinary would be ${usual(e, 'callsOfCategory')}.`,
  background_share: (within, o, e) =>
    `${within}, ${number(o.usesInBackground)} of ${many(o.usesOfCategory, 'use')} ${were(o.usesInBackground)} in the background; ordinary would be ${usual(e, 'usesInBackground')}.`,
  distinct_users: (within, o, e) =>
    `${within}, ${many(o.calls, 'call')} reached ${many(o.usersReached, 'user')}; ordinary would be ${usual(e, 'usersReached')}.`,
  rows_per_call: (within, o, e) =>
    `${within}, ${many(o.calls, 'call')} took ${number(o.typicalVolume)} each (rows times bytes, in the middle); ordinary would be ${usual(e, 'typicalVolume')}.`,
  quiet_hours: (within, o, e) =>
    `${within}, when it is hardly ever used, it was used ${many(o.usesOfProgram, 'time')}; ordinary would be ${usual(e, 'usesOfProgram')}.`,
  program_rate: (within, o, e) =>
    `${within} it was used ${many(o.usesOfProgram, 'time')}; ordinary would be ${usual(e, 'usesOfProgram')}.`,
  new_category: (within, o, e) =>
    `${within}, ${number(o.usesOfNewCategory)} of ${many(o.usesOfProgram, 'use')} ${were(o.usesOfNewCategory)} of a kind that it had not used before; ordinary would be ${usual(e, 'usesOfNewCategory')}.`,
  rhythm: (_, o) =>
    `For one user, ${many(o.intervalsInARow, 'call')} in a row came ${interval(o.intervalSeconds)} apart; people come at irregular times.`,
  siblings: (within, o, e) =>
    `${within}, ${number(o.siblingsAboveTheirShare)} of ${many(o.siblings, 'program')} of its developer took more of this kind than is ordinary for them; by chance it would be about ${number(e.siblingsAboveTheirShare)}.`,
  first_days: (within, o, e) => `Little is known of it yet. ${within}, ${firstDaysInWords(o, e)}.`,
  category_ramp: (within, o, e) =>
    `This kind’s share has been growing for days. ${within}, it was ${number(o.usesOfCategory)} of ${many(o.usesOfProgram, 'use')} of the program; ordinary would be ${usual(e, 'usesOfCategory')}.`,
};

function firstDaysInWords(o: Values, e: Values): string {
  const ordinary = (name: string): string => `in programs of its class ordinary would be ${usual(e, name)}`;
  if (o.usersReached !== undefined)
    return `its ${many(o.callsOfProgram, 'call')} reached ${many(o.usersReached, 'user')}; ${ordinary('usersReached')}`;
  if (o.usesInBackground !== undefined)
    return `${number(o.usesInBackground)} of ${many(o.usesOfCategory, 'use')} ${were(o.usesInBackground)} in the background; ${ordinary('usesInBackground')}`;
  return `it had ${number(o.usesOfCategory)} of ${number(o.usesOfProgram)}; ${ordinary('usesOfCategory')}`;
}

/** A part of the score by name; releases have different ones. */
export function featureInWords(feature: string): string {
  return Object.hasOwn(NAMES, feature) ? NAMES[feature as Feature] : 'something else';
}

/** `Score 21.9, and 19 is an alarm: 15 for the even intervals, 6.9 for …`; the parts are ordered by what they add. Says what a use or a user is where one counts. */
export function scoreInWords({ score, threshold, contributions }: BaselineEvidence): string {
  const parts = Object.entries(contributions)
    .toSorted(([, a], [, b]) => b - a)
    .map(([feature, amount]) => `${tenths(amount)} for ${featureInWords(feature)}`);
  const uses = Object.keys(contributions).some((feature) => OF_USES.has(feature)) ? WHAT_USES_ARE : '';
  const users = Object.hasOwn(contributions, 'distinct_users') ? WHAT_USERS_ARE : '';
  return `Score ${tenths(score)}, and ${tenths(threshold)} is an alarm: ${parts.join(', ')}.${uses}${users}`;
}

function usual(expected: Values, name: string): string {
  return `about ${number(expected[name])}, up to ${number(expected.ordinaryUpTo)}`;
}

function interval(seconds: unknown): string {
  if (typeof seconds !== 'number') return 'evenly';
  return seconds < 120 ? `${seconds} ${thingOf(seconds, 'second')}` : `${tenths(seconds / 60)} minutes`;
}

function number(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'some';
}

function many(value: unknown, thing: string): string {
  return `${number(value)} ${thingOf(value === 1 ? 1 : 2, thing)}`;
}

function were(value: unknown): string {
  return wereOf(value === 1 ? 1 : 2);
}

function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}
