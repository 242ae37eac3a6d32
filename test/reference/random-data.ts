/** `data` of valid records, and the programs that they are about. */
import { CONSENT_BASES, OUTCOMES, STANDINGS } from '../../schemas/codes.ts';
import * as names from './hostile-names.ts';
import { hostileTime } from './hostile-text.ts';
import type { Random } from './random.ts';

interface Entry {
  readonly category: string;
  readonly fields?: readonly string[];
}
/** One made-up program: what it declared last, who uses it, and where its time stands. */
export interface Actor {
  readonly program: string;
  readonly users: readonly string[];
  /** Categories that it is about. */
  readonly taste: readonly string[];
  readonly isEdge: boolean;
  version: number;
  purposes: readonly { readonly id: string; readonly categories: readonly Entry[] }[];
  micros: bigint;
  /** Moments at which its next accesses happen: an `until` and the microsecond before. */
  readonly moments: bigint[];
}

const VOLUMES = [0, 1, 2, 5, 6, 40, 48, 49, 256, 257, 9_000];
const VOLUME_MAX = Number.MAX_SAFE_INTEGER;
const HOUR_MICROS = 3_600_000_000;

/** Null and absence are the same; a value is as likely as `probability`. */
function optional<Value>(random: Random, probability: number, value: () => Value): Value | null | undefined {
  if (random.chance(probability)) return value();
  return random.chance(0.1) ? null : undefined;
}

const volume = (random: Random): number => (random.chance(0.005) ? VOLUME_MAX : random.pick(VOLUMES));

function linkFor(random: Random): object {
  return {
    kind: random.pick(['external', 'external', 'download', 'share']),
    host: optional(random, 0.85, () => random.pick(names.HOSTS)),
    reveals: optional(random, 0.4, () => random.some(['friends', 'Friends', 'groups', '', 'friends'], random.below(3))),
    text: optional(random, 0.1, () => 'unknown member'),
  };
}

function apiFor(category: string, random: Random): { api: string; category: string | null | undefined } {
  const apis = names.APIS_BY_CATEGORY.get(category);
  if (apis !== undefined && random.chance(0.85))
    return { api: random.pick(apis), category: optional(random, 0.1, () => category) };
  return { api: random.pick([...names.UNMAPPED_APIS, 'wx.getLocation', 'wx.openUrl']), category };
}

export function accessData(actor: Actor, random: Random): object {
  const purpose = actor.purposes.length > 0 ? random.pick(actor.purposes) : undefined;
  const entry = purpose !== undefined && purpose.categories.length > 0 ? random.pick(purpose.categories) : undefined;
  const isOrdinary = entry !== undefined && random.chance(0.65);
  const wanted = isOrdinary ? entry.category : random.pick([...actor.taste, ...names.CATEGORIES_IN_USE]);
  const unmapped = {
    api: random.pick(names.UNMAPPED_APIS),
    category: optional(random, 0.6, () => random.pick(names.UNLISTED_CATEGORIES)),
  };
  return {
    user: random.pick(actor.users),
    ...(random.chance(0.08) ? unmapped : apiFor(wanted, random)),
    purpose: isOrdinary && random.chance(0.7) ? purpose!.id : optional(random, 0.6, () => random.pick([...names.PURPOSES, ''])),
    page: optional(random, 0.3, () => random.pick(['pages/a', '', 'pages/\0', '页面'])),
    foreground: optional(random, 0.4, () => random.chance(0.5)),
    fields: optional(random, 0.5, () =>
      random.some(entry?.fields?.length && random.chance(0.6) ? entry.fields : names.FIELDS, random.below(4)),
    ),
    rows: optional(random, 0.5, () => volume(random)),
    bytes: optional(random, 0.5, () => volume(random)),
    outcome: optional(random, 0.6, () => random.pick(OUTCOMES)),
    link: optional(random, 0.2, () => linkFor(random)),
    durationMs: optional(random, 0.2, () => random.below(10_000)),
  };
}

function entryFor(actor: Actor, random: Random): Entry {
  return {
    category: random.chance(0.06)
      ? random.pick(names.UNLISTED_CATEGORIES)
      : random.pick([...actor.taste, ...actor.taste, 'contacts', 'email']),
    fields: optional(random, 0.4, () => random.some(names.FIELDS, random.below(5))),
    background: optional(random, 0.4, () => random.chance(0.5)),
    maxBytesPerCall: optional(random, 0.4, () => volume(random)),
    maxRowsPerCall: optional(random, 0.4, () => volume(random)),
  } as Entry;
}

/** Declares anew, unless the version is a stale one. */
export function declarationData(actor: Actor, random: Random): object {
  const isStale = actor.version > 0 && random.chance(0.2);
  const next = random.chance(0.002) ? 2 ** 32 - 1 : Math.min(2 ** 32 - 1, actor.version + random.between(1, 3));
  const version = isStale ? random.between(Math.max(1, actor.version - 2), actor.version) : next;
  const purposes = actor.isEdge
    ? [{ id: 'p0', categories: [{ category: 'motion', background: true }] }]
    : random.some([...names.PURPOSES, 'pay'], random.below(4)).map((id) => ({
        id,
        text: optional(random, 0.7, () => random.pick(['why', '', 'для чего'])),
        categories: Array.from({ length: random.below(5) }, () => entryFor(actor, random)),
      }));
  if (version > actor.version) Object.assign(actor, { version, purposes });
  return {
    version,
    developer: optional(random, 0.8, () => random.pick(['dev_1', 'dev_2', '', '__proto__', 'разработчик'])),
    name: optional(random, 0.6, () => `名 ${actor.program.slice(0, 8)}`),
    class: optional(random, 0.8, () => random.pick(names.CLASSES)),
    purposes,
    detected: optional(random, 0.5, () => random.some(names.CATEGORIES_IN_USE, 2)),
    linkHosts: optional(random, 0.6, () => random.some(names.HOSTS, random.below(4))),
  };
}

/** An end soon; the program's next accesses fall right before it, on it and after it. */
function untilFor(actor: Actor, random: Random): string {
  const until = actor.micros + BigInt(random.between(-HOUR_MICROS, 4 * HOUR_MICROS)) * (random.chance(0.3) ? 24n : 1n);
  if (until <= 1n) return '1970-01-01T00:00:00Z';
  if (until > actor.micros && random.chance(0.5)) actor.moments.push(until - 1n, until, until - 1n);
  return hostileTime(until, random);
}

export function entitlementData(actor: Actor, random: Random): object {
  return {
    category: random.chance(0.05)
      ? random.pick(names.UNLISTED_CATEGORIES)
      : random.pick([...actor.taste, ...names.CATEGORIES_IN_USE]),
    granted: random.chance(0.75),
    until: optional(random, 0.5, () => untilFor(actor, random)),
  };
}

export function consentData(actor: Actor, random: Random): object {
  const { version } = actor;
  const some = (): string[] => random.some([...actor.taste, ...names.CATEGORIES_IN_USE], random.between(1, 4));
  return {
    user: random.pick(actor.users),
    state: random.chance(0.75) ? 'granted' : 'withdrawn',
    categories: random.pick([['*'], ['*'], [], ['telepathy'], [...some(), '*'], some(), some(), some(), some()]),
    declarationVersion: optional(random, 0.5, () =>
      random.pick([1, Math.max(1, version - 1), Math.max(1, version), version + 1, VOLUME_MAX]),
    ),
    basis: optional(random, 0.5, () => random.pick(CONSENT_BASES)),
  };
}

export const standingData = (actor: Actor, random: Random): object => ({
  state: random.pick([...STANDINGS, 'active']),
  by: optional(random, 0.5, () => 'reviewer_7'),
  reason: optional(random, 0.5, () => random.pick(['', 'sends contacts to a third party'])),
  until: optional(random, 0.6, () => untilFor(actor, random)),
});

export const reviewData = (random: Random): object => ({
  episode: `episode ${random.below(100)}`,
  disposition: random.pick(['true_positive', 'false_positive', 'expected']),
  by: 'reviewer_7',
  note: optional(random, 0.5, () => ''),
});
