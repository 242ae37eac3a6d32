/** What incidents add to the ordinary traffic of their program. `spread` and `volume` change that traffic itself (visits.ts). */
import { type Chance, hash, share } from '../chance/chance.ts';
import { power } from '../chance/exact-math.ts';
import { HOUR_MS } from '../spans.ts';
import type { Fate } from '../story/fate.ts';
import { type Incident, isNight } from '../story/incident.ts';
import type { Manner, Visits } from './visits.ts';
import { newcomersOf } from './consents.ts';

/**
 * What an incident adds at least, so that a factor on next to nothing is still something: this share of all the world's accesses, but from 6
 * to 25 an hour.
 */
const ADDED_SHARE = 0.004;
const ADDED_AN_HOUR = [6, 25] as const;
/** A script, where nobody takes the trouble to look like a user. */
const SCRIPT_ACCESSES = 8;
const SCRIPT_GAP_MS = 1_500;
/** Users who are polled at once. */
const POLLED_USERS_MAX = 3;
const POLLED = 0x706f;
/** Share of the interval by which a poll comes sooner or later. */
const JITTER = 0.006;
const JITTER_CAMOUFLAGED = 0.05;
/** Of a first day that does nothing else. */
const FIRST_DAY_ROWS_EACH = 1;

interface SliceRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** Ordinary accesses a millisecond of the program here, with its season. */
  readonly rate: number;
  /** The same in a season of 1. */
  readonly meanRate: number;
  /** Of all programs together. */
  readonly pace: number;
}

/** Appends what `incident` adds in a slice. */
export function addIncident(visits: Visits, fate: Fate, incident: Incident, slice: SliceRange, chance: Chance): void {
  const fromMs = Math.max(slice.fromMs, incident.startMs);
  const toMs = Math.min(slice.toMs, incident.endMs);
  if (fromMs >= toMs) return;
  if (incident.intervalMs > 0) {
    addTimed(visits, fate, incident, fromMs, toMs);
    return;
  }
  const mean = addedRate(fate, incident, slice) * (toMs - fromMs);
  if (mean <= 0) return;
  const manner = mannerOf(fate, incident);
  const each = manner.accesses === undefined ? fate.program.visitAccesses : manner.accesses;
  for (let n = chance.poisson(mean / each); n > 0; n--) visits.visit(fate, chance.within(fromMs, toMs), manner);
}

/** Accesses a millisecond, of the incident's category. */
function addedRate({ program }: Fate, { kind, ask, factor, startMs, endMs }: Incident, slice: SliceRange): number {
  const ofCategory = categoryShare(program.called, ask.need.category);
  const ordinary = slice.rate * ofCategory;
  const [low, high] = ADDED_AN_HOUR;
  const least = Math.min(high, Math.max(low, ADDED_SHARE * slice.pace * HOUR_MS)) / HOUR_MS;
  const middle = (slice.fromMs + slice.toMs) / 2;
  switch (kind) {
    case 'rate_burst':
      return Math.max(least, (factor - 1) * ordinary);
    case 'sibling_fleet':
      return (factor - 1) * ordinary;
    case 'slow_ramp':
      // Doubles over and over until it is `factor` times as much.
      return (power(factor, Math.min(1, (middle - startMs) / (endMs - startMs))) - 1) * ordinary;
    case 'off_hours':
      return Math.max(least, factor * slice.meanRate * ofCategory);
    case 'new_category':
      return Math.max(least, 0.08 * slice.rate);
    case 'first_day_abuse':
      return factor * least;
    case 'spread':
    case 'volume':
    case 'low_and_slow':
    case 'periodic_polling':
      return 0;
  }
}

function categoryShare(called: Fate['program']['called'], category: string): number {
  let all = 0;
  let those = 0;
  for (const { need, weight } of called) {
    all += weight;
    if (need.category === category) those += weight;
  }
  return all === 0 ? 0 : those / all;
}

function mannerOf({ program }: Fate, { kind, ask, isCamouflaged }: Incident): Manner {
  if (kind === 'first_day_abuse') {
    const rows = Math.max(FIRST_DAY_ROWS_EACH, ask.need.rowsMax);
    return { isNewcomer: true, only: ask, accesses: 1, rows, isUnasked: !isCamouflaged };
  }
  // As those who use it anyway, at their pace.
  if (isCamouflaged || kind === 'sibling_fleet')
    return { isNewcomer: false, only: ask, accesses: Math.max(1, Math.round(program.visitAccesses)) };
  return { isNewcomer: false, only: ask, accesses: SCRIPT_ACCESSES, gapMs: SCRIPT_GAP_MS, isUnasked: kind === 'new_category' };
}

/** One call after another, each at its own moment: the n-th of an incident is the same wherever a slice begins. */
function addTimed(visits: Visits, fate: Fate, incident: Incident, fromMs: number, toMs: number): void {
  const { program } = fate;
  const { kind, ask, intervalMs, startMs, endMs, isCamouflaged } = incident;
  const isPolling = kind === 'periodic_polling';
  const users = isPolling ? 1 + (hash(program.salt, POLLED) % POLLED_USERS_MAX) : 1;
  for (let user = 0; user < users; user++) {
    const phase = isPolling ? share(program.salt, POLLED, user) * intervalMs : intervalMs / 2;
    const jitter = intervalMs * (isPolling ? (isCamouflaged ? JITTER_CAMOUFLAGED : JITTER) : isCamouflaged ? 0.45 : 0.03);
    const first = Math.max(0, Math.floor((fromMs - startMs - phase) / intervalMs) - 1);
    for (let n = first; ; n++) {
      const base = startMs + phase + n * intervalMs;
      if (base - jitter >= toMs) break;
      const atMs = base + (2 * share(program.salt ^ user, n, POLLED) - 1) * jitter;
      if (atMs < fromMs || atMs >= toMs || atMs >= endMs) continue;
      if (!isPolling && !isNight(atMs, program.offsetMs)) continue;
      visits.visit(fate, atMs, {
        isNewcomer: false,
        only: ask,
        accesses: 1,
        rows: isPolling ? ask.need.rowsMax : 1,
        isBackground: isPolling || !isCamouflaged,
        isUnasked: !isPolling && !isCamouflaged,
        user: isPolling ? hash(program.salt, user) % program.regulars : n % (program.regulars + newcomersOf(program)),
      });
    }
  }
}
