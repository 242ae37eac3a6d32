/** How surprising the days of a program and of the platform are at their worst. */
import type { Calibration } from './calibration.ts';
import { FEATURE_COUNT, FIRST, QUIET, RAMP, RATE } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import {
  P_ABOVE,
  P_ALARMED,
  P_DAYS,
  P_RAMP_MOST,
  P_SCALE,
  P_TOP_SCORE,
  P_WORST,
  P_WORST_DAYS,
  P_WORST_RATE_DAYS,
  P_WORST_SUM,
  programRow,
} from './state/program-rows.ts';
import { OWN_DAYS, OWN_MAX, OWN_MIN, OWN_NATS, SEASON_DAYS, YOUNG_DAYS } from './tuning.ts';

/** What of the sums of daily worsts is left a day later: three weeks are remembered. */
const WORST_KEPT = 0.95;

/** The bit of {@link P_ABOVE} that is the score's. */
const ABOVE_SCORE = 1 << FEATURE_COUNT;

/**
 * The day's worst surprises go into what the platform and this program call ordinary. Days of a program that are all above the platform's 90 %
 * quantile, one after the other, are one thing that happened and count once (runs declustering: M. R. Leadbetter 1991; S. Coles 2001, 5.3.2): a
 * budget is one of episodes, and what goes on for a week must not make itself ordinary.
 */
export function learnWorst(known: PartitionKnowledge, slot: number): void {
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  const days = program[at + P_DAYS]!;
  const isAlarmed = program[at + P_ALARMED]! > 0;
  const above = program[at + P_ABOVE]!;
  let isAbove = 0;
  const top = Math.min(program[at + P_TOP_SCORE]!, known.threshold);
  const { ordinaryScore } = known.scores;
  if (days >= YOUNG_DAYS) {
    known.scores.add((above & ABOVE_SCORE) === 0 ? top : Math.min(top, ordinaryScore));
    if (top > ordinaryScore) isAbove |= ABOVE_SCORE;
  }
  const sums = program.subarray(at + P_WORST_SUM, at + P_WORST_SUM + FEATURE_COUNT);
  if (days >= YOUNG_DAYS) program[at + P_WORST_DAYS] = program[at + P_WORST_DAYS]! * WORST_KEPT + 1;
  if (days > SEASON_DAYS) program[at + P_WORST_RATE_DAYS] = program[at + P_WORST_RATE_DAYS]! * WORST_KEPT + 1;
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const isRate = feature === QUIET || feature === RATE;
    const isJudged = isRate ? days > SEASON_DAYS : days >= YOUNG_DAYS;
    const calibration = known.calibrations[feature]!;
    const scale = program[at + P_SCALE + feature]!;
    const worst = program[at + P_WORST + feature]!;
    if (isJudged || feature === FIRST) {
      const { ordinaryNats } = calibration;
      const nats = isAlarmed ? Math.min(worst / scale, ordinaryNats) : worst / scale;
      const goesOn = (above & (1 << feature)) !== 0;
      calibration.add(goesOn ? Math.min(nats, ordinaryNats) : nats);
      if (nats > ordinaryNats) isAbove |= 1 << feature;
      if (feature === RAMP) learnRampDay(calibration, program, at, nats, goesOn);
    }
    if (!isJudged) continue;
    const limited = Math.min(worst, isAlarmed ? calibration.ordinaryNats : calibration.highNats);
    sums[feature] = sums[feature]! * WORST_KEPT + limited;
    known.worst[2 * feature]! += limited;
    known.worst[2 * feature + 1]!++;
    program[at + P_SCALE + feature] = SCALED[feature] ? ownScale(known, program, at, feature, isRate) : 1;
  }
  program[at + P_ABOVE] = isAbove;
}

/** A ramp is weak on its first day, so its days count as what they came to. */
function learnRampDay(calibration: Calibration, program: Float32Array, at: number, nats: number, goesOn: boolean): void {
  const most = program[at + P_RAMP_MOST]!;
  if (goesOn && nats > most) calibration.move(most, nats);
  program[at + P_RAMP_MOST] = goesOn ? Math.max(most, nats) : nats;
}

/** Features whose surprises follow from a program's own noise; of the others most days have none. */
const SCALED = [true, true, true, true, true, true, true, false, true, false, false, false];
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
