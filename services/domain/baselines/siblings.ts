/**
 * Programs of one developer that take a little more of the same category, each of them less than anybody would notice. Of each the evidence for
 * twice its use against its ordinary use, if half of such programs take part: a log-likelihood ratio of negative binomials, where a program's
 * other uses at the same time say how busy it is (gamma-Poisson). Such mixtures are the test for a part of many that nobody knows:
 * Y. Xie and D. Siegmund 2013.
 * It is bounded, so that one program's incident is not its siblings', and summed: nobody has to stand out.
 */
import { SIBLINGS } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Surprises } from './sighting.ts';
import { K_BLOCK, keyRow, K_USES, MARK_SHARE, NO_KEY } from './state/key-rows.ts';
import { P_BLOCK, P_DAYS, P_EXPECTED, P_HOUR, P_LEARNED_USES, P_USES, numbersRow, programRow } from './state/program-rows.ts';
import { placeAmongAscending } from '../state/ascending.ts';
import type { Fleet } from './state/fleet-priors.ts';
import { uncertainty } from './trust.ts';
import {
  A_DAY,
  ACTIVITY_SHAPE,
  CLASS_USES,
  COMMON_WEIGHT,
  SCALE_HOURS,
  SCALES,
  SEASON_DAYS,
  SIBLING_EVIDENCE_MAX,
  SIBLING_EXCESS_CHANCE,
  SIBLING_EXCESS_MIN,
  SIBLING_NATS_A_NAT,
  SIBLINGS_LOOKED_AT_MAX,
  SIBLINGS_MIN,
  SIBLINGS_PASSED_MAX,
  USES_MIN,
} from './tuning.ts';
import { rollKey } from './windows.ts';

/** A window: a length of blocks beyond an hour, alone (0) or with the block before (1). */
export interface SiblingWindow {
  readonly scale: number;
  readonly blocks: number;
}

export const SIBLING_WINDOWS: readonly SiblingWindow[] = Array.from({ length: SCALES - 1 }, (_, i) => i + 1).flatMap((scale) => [
  { scale, blocks: 0 },
  { scale, blocks: 1 },
]);

/** By window, of the programs that were looked at: their evidence in nats, and how many of them have some. */
export class SiblingSums {
  readonly nats = new Float64Array(SIBLING_WINDOWS.length);
  readonly inExcess = new Float64Array(SIBLING_WINDOWS.length);
  readonly members = new Float64Array(SIBLING_WINDOWS.length);
  /** They are of the access that was seen last. */
  isCurrent = false;

  clear(): void {
    this.nats.fill(0);
    this.inExcess.fill(0);
    this.members.fill(0);
  }
}

/**
 * @param own the program that is judged; `developerPrograms` those of its developer in this partition, ascending
 * @param classOf number of a program's class
 */
export function sumSiblings(
  known: PartitionKnowledge,
  own: number,
  developerPrograms: readonly number[],
  classOf: (slot: number) => number,
  hour: number,
  category: number,
  sums: SiblingSums,
): void {
  sums.clear();
  const slots = lookedAt(known, own, developerPrograms, hour);
  // As many uses as all programs have more than expected are no surprise in anybody.
  const ordinary = Math.exp(-COMMON_WEIGHT * Math.max(0, known.common.logarithm));
  const cluster = known.clusterOf(MARK_SHARE);
  for (const slot of slots) {
    const program = known.programs.cellsOf(slot);
    const learned = program[programRow(slot) + P_LEARNED_USES]!;
    if (learned < USES_MIN) continue;
    const key = known.findKey(slot, category);
    if (key === NO_KEY) continue;
    const newest = known.programs.numbersOf(slot)[numbersRow(slot) + P_HOUR]!;
    // As much faded as its program's.
    rollKey(known, key, newest);
    const keys = known.keys.cellsOf(key);
    const keyNewest = known.keys.hourOf(key);
    const p = known.shareOf(slot, key, known.classes.row(classOf(slot)));
    if (p <= 0) continue;
    const varying = ((known.dispersionOf(key, MARK_SHARE) + uncertainty(learned, CLASS_USES)) * (1 - p)) / p;
    const isSeasonKnown = program[programRow(slot) + P_DAYS]! >= SEASON_DAYS;
    for (let window = 0; window < SIBLING_WINDOWS.length; window++) {
      const { scale, blocks } = SIBLING_WINDOWS[window]!;
      const hours = SCALE_HOURS[scale]!;
      const block = Math.floor(hour / hours);
      const at = programRow(slot) + 2 * scale * P_BLOCK;
      const behind = block - Math.floor(newest / hours);
      const uses = blocksOf(program, at + P_USES, P_BLOCK, behind, blocks);
      if (uses < 1) continue;
      const k = keyRow(key) + 2 * scale * K_BLOCK + K_USES;
      const x = blocksOf(keys, k, K_BLOCK, block - Math.floor(keyNewest / hours), blocks);
      const expected = isSeasonKnown ? blocksOf(program, at + P_EXPECTED, P_BLOCK, behind, blocks) : 0;
      const evidence = evidenceOf(x / cluster, Math.max(0, uses - x) / cluster, p, expected / cluster, ordinary, varying);
      sums.members[window]!++;
      if (evidence > SIBLING_EXCESS_MIN) sums.inExcess[window]!++;
      sums.nats[window]! += Math.min(evidence, SIBLING_EVIDENCE_MAX);
    }
  }
}

/**
 * Of a developer with more programs than are looked at those that come next after the program that is judged, which were registered with it, and have
 * been in use since yesterday: with the first ones of all, dozens that were used once would hide whatever comes later.
 */
function lookedAt(known: PartitionKnowledge, own: number, slots: readonly number[], hour: number): readonly number[] {
  if (slots.length <= SIBLINGS_LOOKED_AT_MAX) return slots;
  const today = Math.floor(hour / SCALE_HOURS[A_DAY]);
  const from = placeAmongAscending(slots, own);
  const found: number[] = [];
  for (let i = 0; i < Math.min(slots.length, SIBLINGS_PASSED_MAX) && found.length < SIBLINGS_LOOKED_AT_MAX; i++) {
    const slot = slots[(from + i) % slots.length]!;
    const newest = known.programs.numbersOf(slot)[numbersRow(slot) + P_HOUR]!;
    if (today - Math.floor(newest / SCALE_HOURS[A_DAY]) <= 1) found.push(slot);
  }
  return found;
}

/** Takes the most surprising window of these sums, of one partition or of several. */
export function judgeSiblings(sums: SiblingSums, found: Surprises): void {
  for (const [window, { scale, blocks }] of SIBLING_WINDOWS.entries()) {
    if (sums.inExcess[window]! < SIBLINGS_MIN) continue;
    const nats = fleetNats(sums.nats[window]!);
    found.take(SIBLINGS, nats, scale, blocks, sums.inExcess[window]!, sums.members[window]!, SIBLING_EXCESS_CHANCE, 1);
  }
}

/** What a sum of bounded evidence is worth in nats, as other surprises are counted. */
export function fleetNats(evidence: number): number {
  return Math.max(0, evidence * SIBLING_NATS_A_NAT);
}

/** The same over all partitions, as priors tell it of the present block or the one before; the larger surprise counts. */
export function judgeFleets(fleets: readonly Fleet[], hour: number, category: number, found: Surprises): void {
  for (const fleet of fleets) {
    if (fleet.category !== category || fleet.inExcess < SIBLINGS_MIN) continue;
    const behind = Math.floor(hour / SCALE_HOURS[fleet.scale]!) - fleet.block;
    if (behind !== 0 && behind !== 1) continue;
    found.take(SIBLINGS, fleet.nats, fleet.scale, 1, fleet.inExcess, fleet.members, SIBLING_EXCESS_CHANCE, 1);
  }
}

/**
 * `ln(1/2 + L/2)`, L the likelihood ratio of twice the expected uses: `L = 2^x ((r + m) / (r + 2m))^(x + r)` for a negative binomial of
 * mean m and shape r. How busy the program is follows from its other uses y, of which were expected E (1 - p): with a prior of
 * Gamma(a, a) the posterior mean is `(a + y) / (a + E (1 - p))`, so m = that times E p, and r = a + y. Where the season is not known yet,
 * m follows from the share alone: the odds of p, times y.
 * @param x uses of the category, `others` all others, `p` the expected share of it
 * @param expected uses of all categories at this time; 0: not known
 * @param ordinary one over what all programs have more than expected
 * @param varying relative variance of the category's own odds
 */
function evidenceOf(x: number, others: number, p: number, expected: number, ordinary: number, varying: number): number {
  let mean = (p / (1 - p)) * (others + USES_AT_FIRST);
  let spread = 1 / (others + USES_AT_FIRST);
  if (expected > 0) {
    mean = ((ACTIVITY_SHAPE + others) / (ACTIVITY_SHAPE * ordinary + expected * (1 - p))) * expected * p;
    spread = 1 / (ACTIVITY_SHAPE + others);
  }
  const shape = 1 / (spread + varying);
  const ratio = x * Math.LN2 - (x + shape) * Math.log((shape + 2 * mean) / (shape + mean));
  return Math.log((1 + Math.exp(ratio)) / 2);
}
/** Half a use, where nothing else was used: Jeffreys' prior of a Poisson mean. */
const USES_AT_FIRST = 0.5;

/** The filling block of the present, with the one before, of a row whose own filling block is `behind` blocks older. */
function blocksOf(cells: Float32Array, at: number, stride: number, behind: number, blocks: number): number {
  if (behind === 0) return cells[at]! + (blocks === 1 ? cells[at + stride]! : 0);
  return behind === 1 && blocks === 1 ? cells[at]! : 0;
}
