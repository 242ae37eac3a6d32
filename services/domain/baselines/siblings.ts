/**
 * Programs of one developer that all take a little more of the same category: bounded standard scores, weighted by what is expected and summed
 * (S. A. Stouffer et al. 1949; T. Liptak 1958). Bounded, so that one program's incident is not its siblings'.
 */
import { SIBLINGS } from './features.ts';
import { uncertainty } from './trust.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Surprises } from './sighting.ts';
import { K_BLOCK, K_CELLS, K_USES, MARK_SHARE } from './state/key-rows.ts';
import { P_BLOCK, P_CELLS, P_DAYS, P_HOUR, P_LEARNED_USES, P_NUMBERS, P_USES } from './state/program-rows.ts';
import {
  CLASS_USES,
  SCALE_HOURS,
  SCALES,
  SIBLING_Z_MAX,
  SIBLING_Z_MIN,
  SIBLINGS_LOOKED_AT_MAX,
  SIBLINGS_MIN,
  USES_MIN,
} from './tuning.ts';

/** Of a sum: weighted scores, squares of weights, siblings, those in excess. */
interface Sum {
  scores: number;
  weights: number;
  members: number;
  inExcess: number;
}
const SUM: Sum = { scores: 0, weights: 0, members: 0, inExcess: 0 };

/**
 * @param slots programs of the developer, ascending
 * @param classOf number of a program's class
 */
export function judgeSiblings(
  known: PartitionKnowledge,
  slots: readonly number[],
  classOf: (slot: number) => number,
  hour: number,
  category: number,
  found: Surprises,
): void {
  if (slots.length < SIBLINGS_MIN) return;
  for (let scale = 1; scale < SCALES; scale++) {
    for (let blocks = 0; blocks < 2; blocks++) {
      const sum = addUp(known, slots, classOf, hour, category, scale, blocks);
      if (sum.inExcess < SIBLINGS_MIN || sum.scores <= 0) continue;
      const score = sum.scores / Math.sqrt(sum.weights);
      found.take(SIBLINGS, (score * score) / 2, scale, blocks, sum.inExcess, sum.members, score, 1);
    }
  }
}

function addUp(
  known: PartitionKnowledge,
  slots: readonly number[],
  classOf: (slot: number) => number,
  hour: number,
  category: number,
  scale: number,
  blocks: number,
): Sum {
  SUM.scores = SUM.weights = SUM.members = SUM.inExcess = 0;
  const hours = SCALE_HOURS[scale]!;
  const block = Math.floor(hour / hours);
  const count = Math.min(slots.length, SIBLINGS_LOOKED_AT_MAX);
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    const key = known.keys.find(known.firstKey(slot), category);
    if (key === -1) continue;
    const learned = known.programs.rows.cells[slot * P_CELLS + P_LEARNED_USES]!;
    if (learned < USES_MIN) continue;
    const n = blocksOf(
      known.programs.rows.cells,
      slot * P_CELLS + 2 * scale * P_BLOCK + P_USES,
      P_BLOCK,
      block - Math.floor(known.programs.numbers[slot * P_NUMBERS + P_HOUR]! / hours),
      blocks,
    );
    if (n < 1) continue;
    const x = blocksOf(
      known.keys.rows.cells,
      key * K_CELLS + 2 * scale * K_BLOCK + K_USES,
      K_BLOCK,
      block - Math.floor(known.keys.numbers[key * 2]! / hours),
      blocks,
    );
    const p = known.shareOf(slot, key, known.classes.row(classOf(slot)));
    const dispersion = known.dispersionOf(key, MARK_SHARE);
    const unsure = uncertainty(learned, known.programs.rows.cells[slot * P_CELLS + P_DAYS]!, dispersion, CLASS_USES);
    const expected = p * n;
    const variance = expected * (1 - p) * (1 + (n - 1) * (dispersion + unsure)) + 0.1;
    const score = Math.min(SIBLING_Z_MAX, Math.max(-SIBLING_Z_MAX, (x - expected) / Math.sqrt(variance)));
    const weight = Math.sqrt(expected + 0.2);
    SUM.scores += weight * score;
    SUM.weights += weight * weight;
    SUM.members++;
    if (score > SIBLING_Z_MIN) SUM.inExcess++;
  }
  return SUM;
}

/** The filling block of the present, with the one before, of a row whose own filling block is `behind` blocks older. */
function blocksOf(cells: Float32Array, at: number, stride: number, behind: number, blocks: number): number {
  if (behind === 0) return cells[at]! + (blocks === 1 ? cells[at + stride]! : 0);
  return behind === 1 && blocks === 1 ? cells[at]! : 0;
}
