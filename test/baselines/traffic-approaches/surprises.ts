/** Runs an approach over each series of a world, hour by hour as they close. */
import type { BASELINE_REASONS } from '../../../schemas/codes.ts';
import type { Approach } from '../approaches/approach.ts';
import { emitting } from '../approaches/emission.ts';
import { HOUR_MS, type HourlyProgram, type HourlySeries, type HourlyWorld } from './hourly-world.ts';
import { type TrafficApproach, valueOf } from './traffic-approach.ts';

/** An hour with fewer accesses of the program alarms nobody, whichever approach judges it. */
export const HOUR_ACCESSES_MIN = 4;
/** Nobody knows a program that is younger, and launches are most of what is odd. */
export const WARM_UP_HOURS = 72;
/** By the hour, of what a series usually has: an hour below it is no excess, however odd. */
const LEVEL_RATE = 1 / 168;

export type BaselineReason = (typeof BASELINE_REASONS)[number];
const REASON_OF: Readonly<Record<string, BaselineReason>> = {
  people: 'users_above_baseline',
  people_today: 'users_above_baseline',
  rows: 'volume_above_baseline',
};
export const SURPRISE_REASONS: readonly BaselineReason[] = [
  'rate_above_baseline',
  'users_above_baseline',
  'volume_above_baseline',
];

/** The largest surprise of a program in each hour, by reason: [program][hour], 0 where there is none. */
export type Surprises = ReadonlyMap<BaselineReason, readonly Float32Array[]>;

export interface Judged {
  readonly world: HourlyWorld;
  /** As the approach has it; and after the last step that tells one event once, in units of the series' own. */
  readonly plain: Surprises;
  readonly told: Surprises;
  readonly updates: number;
}

export function judge(world: HourlyWorld, approach: TrafficApproach): Judged {
  const empty = (): Surprises =>
    new Map(SURPRISE_REASONS.map((reason) => [reason, world.programs.map(() => new Float32Array(world.hours))]));
  const [plain, told] = [empty(), empty()];
  let updates = 0;
  for (const [index, program] of world.programs.entries()) {
    for (const { of, counts } of program.series) {
      if ((of === 'people_today') !== (approach.series === 'people_today')) continue;
      const reason = REASON_OF[of] ?? 'rate_above_baseline';
      const into = { plain: plain.get(reason)![index]!, told: told.get(reason)![index]! };
      updates += judgeSeries(world, program, { of, counts }, approach, into);
    }
  }
  return { world, plain, told, updates };
}

/**
 * A series begins with its program, also where its category is first called much later: the zeros until then are known. Keeps the
 * larger of what is there and what this series has.
 */
function judgeSeries(
  { startMs, hours }: HourlyWorld,
  { firstHour, accesses }: HourlyProgram,
  { of, counts }: HourlySeries,
  kind: TrafficApproach,
  into: { readonly plain: Float32Array; readonly told: Float32Array },
): number {
  const approach = kind.start(of);
  let surprise = 0;
  const lastStep: Approach = emitting({ next: () => surprise });
  let level = 0;
  for (let hour = firstHour; hour < hours; hour++) {
    const count = counts[hour]!;
    const timeMs = startMs + hour * HOUR_MS;
    surprise = approach.next(valueOf(kind, count), timeMs, accesses[hour]!);
    // Exactly 1 is what the last step says of any surprise while it has no unit, before there were five: nothing can be told yet.
    const score = lastStep.next(0, timeMs) % 1;
    const isExcess = count > level && accesses[hour]! >= HOUR_ACCESSES_MIN && hour - firstHour >= WARM_UP_HOURS;
    level += Math.max(LEVEL_RATE, 1 / (hour - firstHour + 1)) * (count - level);
    if (!isExcess) continue;
    if (surprise > into.plain[hour]!) into.plain[hour] = surprise;
    if (score > into.told[hour]!) into.told[hour] = score;
  }
  return hours - firstHour;
}
