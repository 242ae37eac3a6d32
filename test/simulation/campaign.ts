/** Many schedules one after the other, what happened in them, and a failure made as small as it gets. */
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { runSchedule, type ScheduleOptions, type ScheduleResult } from './schedule.ts';

export interface Campaign {
  readonly firstSeed: number;
  /** From one seed to the next. @default 1 */
  readonly stride?: number;
  /** Ends with the first that is reached. */
  readonly schedulesMax: number;
  readonly untilMs: number;
  readonly options?: ScheduleOptions;
}

export interface CampaignResult {
  readonly schedules: number;
  readonly tookMs: number;
  readonly records: number;
  readonly events: number;
  readonly fenced: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** The first that failed; nothing is run after it. */
  readonly failure: ScheduleResult | null;
}

/** Lines of a history that are shown. */
const HISTORY_LINES_MAX = 250;

/** Reads that found nothing. */
const IDLE = / read .*, 0 up to /;

export async function runCampaign({ firstSeed, stride = 1, schedulesMax, untilMs, options }: Campaign): Promise<CampaignResult> {
  const startMs = performance.now();
  const faults = new Map<FaultKind, number>();
  let [schedules, records, events, fenced] = [0, 0, 0, 0];
  let failure: ScheduleResult | null = null;
  while (failure === null && schedules < schedulesMax && performance.now() < untilMs) {
    const result = await runSchedule(firstSeed + stride * schedules++, options);
    for (const [kind, count] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
    records += result.records;
    events += result.history.length;
    fenced += result.fenced;
    if (result.violations.length > 0) failure = result;
  }
  return { schedules, tookMs: performance.now() - startMs, records, events, fenced, faults, failure };
}

export function describeCampaign(result: CampaignResult): string {
  const { schedules, tookMs, records, events, fenced, faults } = result;
  const counts = FAULT_KINDS.map((kind) => `${kind} ${faults.get(kind) ?? 0}`);
  const aMinute = Math.round((schedules / tookMs) * 60_000);
  return [
    `${schedules} schedules in ${(tookMs / 1000).toFixed(1)} s, ${aMinute} a minute; ${records} records, ${events} events, ${fenced} commits fenced`,
    counts.join(', '),
  ].join('\n');
}

/** The fewest kinds of faults and the shortest traffic with which the seed still fails, and how it went. */
export async function describeFailure(failed: ScheduleResult, options: ScheduleOptions = {}): Promise<string> {
  const without = new Set<FaultKind>();
  let linesMax: number | undefined;
  let smallest = failed;
  const stillFails = async (tried: ScheduleOptions): Promise<boolean> => {
    const result = await runSchedule(failed.seed, { ...options, ...tried });
    if (result.violations.length > 0) smallest = result;
    return result.violations.length > 0;
  };
  for (const kind of FAULT_KINDS) if (await stillFails({ without: new Set([...without, kind]), linesMax })) without.add(kind);
  for (const lines of [40, 20, 10, 5, 2]) if (await stillFails({ without, linesMax: lines })) linesMax = lines;
  const left = FAULT_KINDS.filter((kind) => !without.has(kind));
  return [
    `seed ${failed.seed} fails: ${failed.violations[0]}`,
    `run it again: NTK_SIMULATION_SEED=${failed.seed} npm run simulate`,
    `it still fails with no other faults than ${left.join(', ') || 'none'}, and ${linesMax ?? 'all'} lines of traffic:`,
    ...smallest.violations.slice(0, 5).map((violation) => `  ${violation}`),
    ...smallest.history.filter((line) => !IDLE.test(line)).slice(-HISTORY_LINES_MAX),
  ].join('\n');
}
