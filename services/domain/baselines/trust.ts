/** How much of a day is believed, and how sure a learned share is. */
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { ClassRow } from './state/class-rows.ts';
import { K_BLOCK, keyRow, K_USES, MARK_SHARE, NO_KEY } from './state/key-rows.ts';
import { P_DAYS, P_LEARNED_USES, programRow } from './state/program-rows.ts';
import { shareSurprise } from './surprise.ts';
import { A_DAY, CLASS_USES, LEARNED_NATS } from './tuning.ts';

const TRUST_DAYS = 3;
const TRUST_USES = 30;

/** How much of a day is learned: all while its shares surprise by little, then inversely to the most surprising one. */
export function trustIn(known: PartitionKnowledge, slot: number, classRow: ClassRow, uses: number): number {
  const program = known.programs.cellsOf(slot);
  const at = programRow(slot);
  const learned = program[at + P_LEARNED_USES]!;
  const days = program[at + P_DAYS]!;
  if (learned <= TRUST_USES || days < TRUST_DAYS || uses <= 3) return 1;
  let worst = 0;
  for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
    const x = known.keys.cellsOf(key)[keyRow(key) + A_DAY * 2 * K_BLOCK + K_USES]!;
    if (x < 3) continue;
    const dispersion = known.dispersionOf(key, MARK_SHARE) * known.dayRatio(MARK_SHARE);
    const unsure = uncertainty(learned, CLASS_USES);
    const surprise =
      shareSurprise(x, uses, known.shareOf(slot, key, classRow)) /
      (known.clusterOf(MARK_SHARE) + (uses - 1) * (dispersion + unsure));
    if (surprise > worst) worst = surprise;
  }
  return Math.min(1, LEARNED_NATS / (0.01 + worst));
}

/**
 * How unsure a learned share is, on the scale of over-dispersion: one over the number of independent trials that it was learned from, which is how
 * days are learned (tuning.ts, DAY_DISPERSION), and of those that its class is worth.
 */
export function uncertainty(learned: number, strength: number): number {
  return 1 / (learned + strength);
}
