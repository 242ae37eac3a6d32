/** From surprises to alarms: one threshold for all programs of a platform, and the one that a budget of false episodes allows. */
import type { Alarm } from '../../../services/domain/evaluation/episodes.ts';
import { type Score, scoreWorlds } from '../../../services/domain/evaluation/score-episodes.ts';
import { HOUR_MS, type HourlyWorld } from './hourly-world.ts';
import { type BaselineReason, SURPRISE_REASONS, type Surprises } from './surprises.ts';

/** By reason: a surprise above it alarms. */
export type Thresholds = ReadonlyMap<BaselineReason, number>;
export type WorldSurprises = { readonly world: HourlyWorld; readonly surprises: Surprises };

const US = 1000;

export const sameForAll = (threshold: number): Thresholds => new Map(SURPRISE_REASONS.map((reason) => [reason, threshold]));

/**
 * An hour is judged when it closes; what it raises then stands until the next one does, so that hours in a row are one episode: a
 * result at its end and another half an hour later.
 */
export function alarmsOf({ world, surprises }: WorldSurprises, thresholds: Thresholds): Alarm[] {
  const alarms: Alarm[] = [];
  for (const [reason, programs] of surprises) {
    const threshold = thresholds.get(reason) ?? Number.POSITIVE_INFINITY;
    for (const [index, hours] of programs.entries()) {
      const program = world.programs[index]!.id;
      for (let hour = 0; hour < hours.length; hour++) {
        if (hours[hour]! <= threshold) continue;
        const closeUs = (world.startMs + (hour + 1) * HOUR_MS) * US;
        for (const half of [0, 1]) {
          const offset = 2 * hour + half;
          alarms.push({ program, partition: index, offset, timeUs: closeUs + (half * HOUR_MS * US) / 2, reasons: [reason] });
        }
      }
    }
  }
  return alarms;
}

export function score(worlds: readonly WorldSurprises[], thresholdsOf: (world: number) => Thresholds): Score {
  return scoreWorlds(
    worlds.map((judged, index) => ({
      labels: judged.world.labels,
      alarms: alarmsOf(judged, thresholdsOf(index)),
      activeProgramDays: judged.world.activeProgramDays,
    })),
  );
}

/** Surprises that are tried as thresholds at most. */
const CANDIDATES_MAX = 20_000;

/**
 * The lowest thresholds at which `worlds` together have at most `falsePer1000` false episodes in 1,000 program-days, of which each reason that
 * there is may spend the same. Labels are used only to leave out what was an incident.
 */
export function thresholdsWithin(worlds: readonly WorldSurprises[], falsePer1000: number): Thresholds {
  const used = SURPRISE_REASONS.filter((reason) => worlds.some((world) => candidatesOf([world], reason).length > 0));
  return new Map(used.map((reason) => [reason, thresholdWithin(worlds, reason, falsePer1000 / used.length)]));
}

function candidatesOf(worlds: readonly WorldSurprises[], reason: BaselineReason): number[] {
  const all = worlds.flatMap(({ surprises }) =>
    surprises.get(reason)!.flatMap((hours) => Array.from(hours.filter((one) => one > 0))),
  );
  return [...new Set(all)].sort((a, b) => b - a).slice(0, CANDIDATES_MAX);
}

function thresholdWithin(worlds: readonly WorldSurprises[], reason: BaselineReason, falsePer1000: number): number {
  const candidates = candidatesOf(worlds, reason);
  const isWithin = (place: number): boolean =>
    score(worlds, () => new Map([[reason, candidates[place]!]])).falsePer1000ProgramDays.value <= falsePer1000;
  // Nothing exceeds the largest of all, so that one is within any budget.
  let [within, beyond] = [0, candidates.length];
  while (beyond - within > 1) {
    const middle = (within + beyond) >> 1;
    if (isWithin(middle)) within = middle;
    else beyond = middle;
  }
  return candidates[within]!;
}
