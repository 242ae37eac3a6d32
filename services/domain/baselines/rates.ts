/**
 * Uses of the whole program against the hour of the week. A count of over-dispersed hours is negative-binomial; its tail grows with the
 * logarithm of the ratio to what is expected, and that logarithm, calibrated by what platforms' days show, is what counts here: honest promotions
 * are many times the ordinary, and no tail of a model would know.
 */
import { QUIET, RATE } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Surprises } from './sighting.ts';
import { P_BLOCK, P_DAYS, P_EXPECTED, P_MEAN_HOUR, P_USES, programRow } from './state/program-rows.ts';
import { QUIET_SHARE, RATIO_USES, RATIO_WEIGHT, SCALE_HOURS, SCALES, SEASON_DAYS } from './tuning.ts';

const USES_SEEN_MIN = 4;
const EXPECTED_MIN = 0.05;
/** Windows of a day are never quiet. */
const QUIET_SCALES = 2;

export function judgeRate(known: PartitionKnowledge, slot: number, found: Surprises): void {
  const cells = known.programs.cellsOf(slot);
  const at = programRow(slot);
  if (cells[at + P_DAYS]! < SEASON_DAYS) return;
  const mean = cells[at + P_MEAN_HOUR]!;
  for (let scale = 0; scale < SCALES; scale++) {
    for (let blocks = 0, uses = 0, sum = 0; blocks < 2; blocks++) {
      const b = at + (2 * scale + blocks) * P_BLOCK;
      uses += cells[b + P_USES]!;
      sum += cells[b + P_EXPECTED]!;
      const expected = Math.max(sum, EXPECTED_MIN);
      if (uses < USES_SEEN_MIN || uses <= expected) continue;
      const isQuiet = scale < QUIET_SCALES && expected < QUIET_SHARE * mean * SCALE_HOURS[scale]! * (blocks + 1);
      const feature = isQuiet ? QUIET : RATE;
      const ratio = (uses + RATIO_USES) / (expected + RATIO_USES);
      // A logarithm is never more than what the ratio exceeds one by.
      if (RATIO_WEIGHT * (ratio - 1) <= found.least(feature)) continue;
      found.take(feature, RATIO_WEIGHT * Math.log(ratio), scale, blocks, uses, 0, expected, 0);
    }
  }
  if (found.nats[QUIET]! > 0) found.nats[RATE] = 0;
}
