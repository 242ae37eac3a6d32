/** How surprising the days of a program and of the platform are at their worst. */
import { FEATURE_COUNT, FIRST, QUIET, RATE } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import {
  P_ALARMED,
  P_CELLS,
  P_DAYS,
  P_SCALE,
  P_TOP_SCORE,
  P_WORST,
  P_WORST_DAYS,
  P_WORST_RATE_DAYS,
  P_WORST_SUM,
} from './state/program-rows.ts';
import { OWN_DAYS, OWN_MAX, OWN_MIN, OWN_NATS, SEASON_DAYS, YOUNG_DAYS } from './tuning.ts';

/** What of the sums of daily worsts is left a day later: three weeks are remembered. */
const WORST_KEPT = 0.95;

/** The day's worst surprises go into what the platform and this program call ordinary. */
export function learnWorst(known: PartitionKnowledge, slot: number): void {
  const program = known.programs.rows.cells;
  const at = slot * P_CELLS;
  const days = program[at + P_DAYS]!;
  const isAlarmed = program[at + P_ALARMED]! > 0;
  if (days >= YOUNG_DAYS) known.scores.add(Math.min(program[at + P_TOP_SCORE]!, known.threshold));
  const sums = program.subarray(at + P_WORST_SUM, at + P_WORST_SUM + FEATURE_COUNT);
  if (days >= YOUNG_DAYS) program[at + P_WORST_DAYS] = program[at + P_WORST_DAYS]! * WORST_KEPT + 1;
  if (days > SEASON_DAYS) program[at + P_WORST_RATE_DAYS] = program[at + P_WORST_RATE_DAYS]! * WORST_KEPT + 1;
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const isRate = feature === QUIET || feature === RATE;
    const isJudged = isRate ? days > SEASON_DAYS : days >= YOUNG_DAYS;
    const calibration = known.calibrations[feature]!;
    const scale = program[at + P_SCALE + feature]!;
    const worst = program[at + P_WORST + feature]!;
    if (isJudged || feature === FIRST)
      calibration.add(isAlarmed ? Math.min(worst / scale, calibration.ordinaryNats) : worst / scale);
    if (!isJudged) continue;
    const limited = Math.min(worst, isAlarmed ? calibration.ordinaryNats : calibration.highNats);
    sums[feature] = sums[feature]! * WORST_KEPT + limited;
    known.worst[2 * feature]! += limited;
    known.worst[2 * feature + 1]!++;
    program[at + P_SCALE + feature] = SCALED[feature] ? ownScale(known, program, at, feature, isRate) : 1;
  }
}

/** Features whose surprises follow from a program's own noise; of the others most days have none. */
const SCALED = [true, true, true, true, true, true, true, false, true, false, false];
const WORST_KNOWN_MIN = 30;

/** How noisy this program is against the platform: empirical Bayes, the platform's mean worth some days (Efron and Morris 1975). */
function ownScale(known: PartitionKnowledge, program: Float32Array, at: number, feature: number, isRate: boolean): number {
  const many = known.worst[2 * feature + 1]!;
  if (many <= WORST_KNOWN_MIN) return 1;
  const mean = known.worst[2 * feature]! / many;
  const days = program[at + (isRate ? P_WORST_RATE_DAYS : P_WORST_DAYS)]!;
  const own = (program[at + P_WORST_SUM + feature]! + OWN_DAYS * mean) / (days + OWN_DAYS);
  return Math.min(OWN_MAX, Math.max(OWN_MIN, (own + OWN_NATS) / (mean + OWN_NATS)));
}
