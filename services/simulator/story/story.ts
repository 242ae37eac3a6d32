/**
 * A story: what happens on the platform between two moments. From the world, a number and the span: the same again for the same, and
 * another one for the next number, so that a live source never runs out of them.
 */
import { SIMULATED_SOURCE_PREFIX } from '../../../schemas/simulation/sources.ts';
import { Chance } from '../chance/chance.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../spans.ts';
import { candidates, quota } from '../world/habits.ts';
import { REGION_SHARES, REGIONS } from '../world/names.ts';
import { launchedProgram, type World } from '../world/world.ts';
import { type Fact, factsOf, type Span } from './facts.ts';
import { type Fate, type Holiday, ordinaryFate } from './fate.ts';
import type { Incident } from './incident.ts';
import { planIncidents } from './plan-incidents.ts';

/** Hosts that report; what share of the users has each. */
export const SOURCES = ['android', 'ios', 'desktop'].map((name) => `${SIMULATED_SOURCE_PREFIX}${name}`);
export const SOURCE_SHARES = [0.55, 0.41, 0.04] as const;

/** A host keeps its events until this is over, then sends them all. */
export interface Outage {
  readonly source: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Story extends Span {
  readonly generation: number;
  /** Every program that has a part in it. */
  readonly fates: readonly Fate[];
  readonly holidays: readonly Holiday[];
  readonly outages: readonly Outage[];
  /** By their starts. */
  readonly incidents: readonly Incident[];
  /** By their moments. */
  readonly facts: readonly Fact[];
}

const PLAN = 0x7374;
const PROMOTION_PROGRAM_DAYS = 60;
const HOLIDAY_DAYS = 8;
const OUTAGE_DAYS = 3;
const SUSPENDED_SHARE = 0.006;
const BANNED_SHARE = 0.004;
const REVIEWED_SHARE = 0.01;

export interface StorySpan extends Span {
  readonly generation: number;
  /** Accesses a millisecond of all programs together. */
  readonly pace: number;
}

export function planStory(world: World, { generation, startMs, endMs, versionBase, pace }: StorySpan): Story {
  const chance = new Chance(world.seed, PLAN, generation);
  const span = { startMs, endMs, versionBase };
  const fates = world.programs.map(ordinaryFate);
  planStandings(fates, span, chance);
  planUpgrades(fates, span, chance);
  planPromotions(fates, span, chance);
  fates.push(...planLaunches(world, generation, span, chance));
  const incidents = planIncidents(fates, { startMs, endMs, pace, chance });
  const facts = fates.flatMap((fate) => factsOf(fate, span)).sort((a, b) => a.atMs - b.atMs);
  return {
    ...span,
    generation,
    fates,
    holidays: planHolidays(span, chance),
    outages: planOutages(span, chance),
    incidents,
    facts,
  };
}

const at = ({ startMs, endMs }: Span, chance: Chance, low: number, high: number): number =>
  Math.round((startMs + (endMs - startMs) * chance.within(low, high)) / MINUTE_MS) * MINUTE_MS;

function planStandings(fates: readonly Fate[], span: Span, chance: Chance): void {
  const order = candidates(
    fates.map(({ program }) => program),
    chance,
  ).filter(({ isDeclared, weight }) => isDeclared && weight < 0.05);
  let next = 0;
  const change = (share: number, state: 'suspended' | 'banned' | 'under_review'): void => {
    for (let n = quota(share, fates.length); n > 0 && next < order.length; n--) {
      const program = order[next++]!;
      const atMs = at(span, chance, 0.15, 0.6);
      // Half of the suspensions lapse; later there is nothing to be found any more.
      const untilMs = state === 'suspended' && chance.isBelow(0.5) ? atMs + Math.round((span.endMs - span.startMs) * 0.25) : null;
      fates[program.rank]!.standing = { state, atMs, untilMs };
    }
  };
  change(BANNED_SHARE, 'banned');
  change(SUSPENDED_SHARE, 'suspended');
  change(REVIEWED_SHARE, 'under_review');
}

function planUpgrades(fates: readonly Fate[], span: Span, chance: Chance): void {
  for (const fate of fates) {
    const hasMore = fate.program.asks.some(({ isLater }) => isLater);
    if (hasMore) fate.upgradeMs = at(span, chance, 0.2, 0.6);
  }
}

function planPromotions(fates: readonly Fate[], span: Span, chance: Chance): void {
  const days = (span.endMs - span.startMs) / DAY_MS;
  for (let n = Math.max(1, Math.round((fates.length * days) / PROMOTION_PROGRAM_DAYS)); n > 0; n--) {
    const fate = chance.pick(fates);
    if (fate.promotions.length > 0) continue;
    const startMs = at(span, chance, 0.1, 0.95);
    fate.promotions.push({ startMs, endMs: startMs + chance.between(60, 240) * MINUTE_MS, factor: chance.withinFactors(3, 15) });
  }
}

function planLaunches(world: World, generation: number, span: Span, chance: Chance): Fate[] {
  return Array.from({ length: world.launches }, (_, slot) => {
    const fate = ordinaryFate(launchedProgram(world, generation, slot, new Chance(0)));
    // Not in the last day, so that a first day is a whole one.
    const last = Math.max(0.2, 1 - DAY_MS / (span.endMs - span.startMs));
    fate.launchMs = at(span, chance, 0.1, last);
    fate.growthMs = Math.round(chance.within(8, 40)) * HOUR_MS;
    return fate;
  });
}

function planHolidays(span: Span, chance: Chance): Holiday[] {
  const days = (span.endMs - span.startMs) / DAY_MS;
  return Array.from({ length: days < 3 ? 0 : Math.max(1, Math.round(days / HOLIDAY_DAYS)) }, () => {
    const region = REGIONS[chance.weighted(REGION_SHARES)]!;
    const startMs = Math.floor(at(span, chance, 0.2, 0.9) / DAY_MS) * DAY_MS - 8 * HOUR_MS;
    return { region, startMs, endMs: startMs + chance.between(1, 3) * DAY_MS };
  });
}

function planOutages(span: Span, chance: Chance): Outage[] {
  const days = (span.endMs - span.startMs) / DAY_MS;
  return Array.from({ length: Math.max(1, Math.round(days / OUTAGE_DAYS)) }, () => {
    const startMs = at(span, chance, 0.05, 0.9);
    return { source: chance.weighted(SOURCE_SHARES), startMs, endMs: startMs + chance.between(20, 100) * MINUTE_MS };
  });
}
