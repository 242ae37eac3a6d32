/** What a story has in store for one program, and how busy that makes it. Honest surprises are here: none of them has a label. */
import type { Standing } from '../../../schemas/codes.ts';
import { exp } from '../chance/exact-math.ts';
import type { Region } from '../world/names.ts';
import type { Program } from '../world/program.ts';
import type { Incident } from './incident.ts';

/** A sharp honest peak: at once, then down on a straight line; most who come are new. */
export interface Promotion {
  readonly startMs: number;
  readonly endMs: number;
  readonly factor: number;
}

export interface Holiday {
  readonly region: Region;
  readonly startMs: number;
  readonly endMs: number;
}

interface StandingChange {
  readonly state: Standing;
  readonly atMs: number;
  /** Null: for good. */
  readonly untilMs: number | null;
}

export interface Fate {
  readonly program: Program;
  /** It does nothing before. -Infinity: it was there when the story began. */
  launchMs: number;
  /** Time in which it grows to 63 % of its size; 0: it is as large as it gets. */
  growthMs: number;
  /** When the second version of its declaration comes; Infinity: not in this story. */
  upgradeMs: number;
  standing: StandingChange | null;
  promotions: Promotion[];
  incidents: Incident[];
}

export function ordinaryFate(program: Program): Fate {
  return { program, launchMs: -Infinity, growthMs: 0, upgradeMs: Infinity, standing: null, promotions: [], incidents: [] };
}

/** What is left of a program's use after reviewers stepped in: those who have it open, old links. */
const AFTER: Readonly<Record<Standing, number>> = { active: 1, under_review: 0.9, suspended: 0.35, banned: 0.15 };

/** Factor on the ordinary rate at a moment, without the season and without promotions. */
export function activityAt({ program, launchMs, growthMs, standing }: Fate, holidays: readonly Holiday[], atMs: number): number {
  if (atMs < launchMs) return 0;
  let factor = growthMs > 0 ? 1.04 - exp((launchMs - atMs) / growthMs) : 1;
  for (const { region, startMs, endMs } of holidays) {
    if (region === program.developer.region && atMs >= startMs && atMs < endMs) factor *= program.kind.holiday;
  }
  if (standing !== null && atMs >= standing.atMs && (standing.untilMs === null || atMs < standing.untilMs))
    factor *= AFTER[standing.state];
  return factor;
}

/** Factor of the promotion that goes on at a moment; 1 when none does. */
export function promotionAt({ promotions }: Fate, atMs: number): number {
  for (const { startMs, endMs, factor } of promotions)
    if (atMs >= startMs && atMs < endMs) return 1 + ((factor - 1) * (endMs - atMs)) / (endMs - startMs);
  return 1;
}
