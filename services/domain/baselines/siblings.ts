/**
 * Programs of one developer that take a little more of the same category: what each one's share says beyond two nats, at most three of
 * them, is summed (truncated product: D. V. Zaykin et al. 2002) and held against as many programs that have nothing to do with each other by
 * Chernoff's bound: good where some do much. Beside it the bounded standard scores of all, weighted by what is expected (S. A. Stouffer et al.
 * 1949): good where all do a little, in their shares or in how often they are used. The larger one counts; bounds see to it that one program's incident is not its siblings'.
 */
import { SIBLINGS } from './features.ts';
import type { Fleet } from './state/fleet-priors.ts';
import { shareSurprise } from './surprise.ts';
import { uncertainty } from './trust.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Surprises } from './sighting.ts';
import { K_BLOCK, K_CELLS, K_USES, MARK_SHARE } from './state/key-rows.ts';
import { P_BLOCK, P_CELLS, P_DAYS, P_EXPECTED, P_HOUR, P_LEARNED_USES, P_NUMBERS, P_USES } from './state/program-rows.ts';
import {
  CLASS_USES,
  COMMON_WEIGHT,
  RATE_LOG_VARIANCE,
  SCALE_HOURS,
  SCALES,
  SEASON_DAYS,
  SIBLING_NATS_MAX,
  SIBLING_NATS_MIN,
  SIBLING_Z_MAX,
  SIBLINGS_LOOKED_AT_MAX,
  SIBLINGS_MIN,
  USES_MIN,
} from './tuning.ts';
import { rollKey } from './windows.ts';

/** Of a sum: nats beyond {@link SIBLING_NATS_MIN}, siblings, those that have some. */
interface Sum {
  nats: number;
  members: number;
  inExcess: number;
  /** Standard scores times their weights, and squares of the weights. */
  scores: number;
  weights: number;
}
const SUM: Sum = { nats: 0, members: 0, inExcess: 0, scores: 0, weights: 0 };
/** Uses added to both sides of a rate. */
const RATE_USES = 2;
/** Expected uses beyond which a sibling has no more weight: one large program is no fleet. */
const SIBLING_USES_MAX = 5;
/** A sibling whose standard score exceeds this is in excess, whatever its share says. */
const SIBLING_Z_MIN = 2;
/** Where Chernoff's bound is tried: it holds for any, so the best one is taken. */
const TILTS = [0.3, 0.5, 0.7, 0.85];

/**
 * Nats of a sum of excesses of `members` programs: each has one with probability e^-{@link SIBLING_NATS_MIN}, exponential then, so
 * that the logarithm of its moment generating function is `ln(1 + q t / (1 - t))`.
 */
export function siblingsSurprise(nats: number, members: number): number {
  let best = 0;
  for (const tilt of TILTS) {
    best = Math.max(best, tilt * nats - members * Math.log(1 + (EXCESS_CHANCE * tilt) / (1 - tilt)));
  }
  return best;
}
const EXCESS_CHANCE = Math.exp(-SIBLING_NATS_MIN);

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
      if (sum.inExcess < SIBLINGS_MIN) continue;
      const together = sum.scores <= 0 ? 0 : (sum.scores * sum.scores) / sum.weights / 2;
      const nats = Math.max(together, siblingsSurprise(sum.nats, sum.members));
      found.take(SIBLINGS, nats, scale, blocks, sum.inExcess, sum.members, EXCESS_CHANCE, 1);
    }
  }
}

/** The same over all partitions, as priors tell it of the present block or the one before; the larger surprise counts. */
export function judgeFleets(fleets: readonly Fleet[], hour: number, category: number, found: Surprises): void {
  for (const fleet of fleets) {
    if (fleet.category !== category || fleet.inExcess < SIBLINGS_MIN) continue;
    const behind = Math.floor(hour / SCALE_HOURS[fleet.scale]!) - fleet.block;
    if (behind !== 0 && behind !== 1) continue;
    found.take(SIBLINGS, fleet.nats, fleet.scale, 1, fleet.inExcess, fleet.members, EXCESS_CHANCE, 1);
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
  SUM.nats = SUM.members = SUM.inExcess = SUM.scores = SUM.weights = 0;
  const hours = SCALE_HOURS[scale]!;
  const block = Math.floor(hour / hours);
  const count = Math.min(slots.length, SIBLINGS_LOOKED_AT_MAX);
  const common = COMMON_WEIGHT * Math.max(0, known.common.logarithm);
  const programs = known.programs.rows.cells;
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    const key = known.keys.find(known.firstKey(slot), category);
    if (key === -1) continue;
    const learned = programs[slot * P_CELLS + P_LEARNED_USES]!;
    if (learned < USES_MIN) continue;
    const newest = known.programs.numbers[slot * P_NUMBERS + P_HOUR]!;
    const behind = block - Math.floor(newest / hours);
    const at = slot * P_CELLS + 2 * scale * P_BLOCK;
    const n = blocksOf(programs, at + P_USES, P_BLOCK, behind, blocks);
    if (n < 1) continue;
    // As much faded as its program's.
    rollKey(known, key, newest);
    const x = blocksOf(
      known.keys.rows.cells,
      key * K_CELLS + 2 * scale * K_BLOCK + K_USES,
      K_BLOCK,
      block - Math.floor(known.keys.numbers[key * 2]! / hours),
      blocks,
    );
    const p = known.shareOf(slot, key, known.classes.row(classOf(slot)));
    const dispersion = known.dispersionOf(key, MARK_SHARE);
    const inflation = known.clusterOf(MARK_SHARE) + (n - 1) * (dispersion + uncertainty(learned, CLASS_USES));
    const nats = shareSurprise(Math.min(x, n), n, p) / inflation;
    const expected = p * n;
    let standard = (x - expected) / Math.sqrt(expected * (1 - p) * inflation + 0.1);
    if (programs[slot * P_CELLS + P_DAYS]! >= SEASON_DAYS)
      standard = Math.max(standard, rateScore(x, p * blocksOf(programs, at + P_EXPECTED, P_BLOCK, behind, blocks), common));
    const score = Math.min(SIBLING_Z_MAX, Math.max(-SIBLING_Z_MAX, standard));
    const weight = Math.sqrt(Math.min(expected, SIBLING_USES_MAX) + 0.2);
    SUM.scores += weight * score;
    SUM.weights += weight * weight;
    SUM.members++;
    if (nats > SIBLING_NATS_MIN || standard > SIBLING_Z_MIN) SUM.inExcess++;
    if (nats > SIBLING_NATS_MIN) SUM.nats += Math.min(nats, SIBLING_NATS_MAX) - SIBLING_NATS_MIN;
  }
  return SUM;
}

/**
 * Standard score of a category's rate, `uses` against what is expected of the program at this time: where a category is most of what a program
 * does anyway its share cannot grow, and its rate can. Uses are negative-binomial, so the logarithm of their ratio has about the
 * variance `1 / expected` + {@link RATE_LOG_VARIANCE}. `common`, a logarithm of the same kind, is what all programs do and is taken off.
 */
function rateScore(uses: number, expectedUses: number, common: number): number {
  const expected = expectedUses + RATE_USES;
  return (Math.log((uses + RATE_USES) / expected) - common) / Math.sqrt(1 / expected + RATE_LOG_VARIANCE);
}

/** The filling block of the present, with the one before, of a row whose own filling block is `behind` blocks older. */
function blocksOf(cells: Float32Array, at: number, stride: number, behind: number, blocks: number): number {
  if (behind === 0) return cells[at]! + (blocks === 1 ? cells[at + stride]! : 0);
  return behind === 1 && blocks === 1 ? cells[at]! : 0;
}
