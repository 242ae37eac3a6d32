/**
 * Shares that grow over days. Each four hours of a category add the log-likelihood ratio of a share with {@link RAMP_ODDS} times the expected
 * odds, over the inflation of their variance, and the sum never falls below zero (E. S. Page 1954): days that are each within what is
 * ordinary add up, and an ordinary one takes off more than an honest drift adds.
 */
import { RAMP } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Sighting, Surprises } from './sighting.ts';
import { K_BLOCK, keyRow, K_LEARNED, K_RAMP, K_USES, MARK_SHARE } from './state/key-rows.ts';
import { P_BLOCK, P_DAYS, P_LEARNED_USES, P_USES, programRow } from './state/program-rows.ts';
import { oddsEvidence } from './surprise.ts';
import { A_DAY, FOUR_HOURS, RAMP_DAYS, RAMP_DISPERSION, RAMP_NATS_MAX, RAMP_ODDS } from './tuning.ts';

/** Nats that `x` of `n` uses of a block of four hours add, `p` expected; negative where they take off. */
function evidenceOf(known: PartitionKnowledge, key: number, x: number, n: number, p: number): number {
  const inflation = known.clusterOf(MARK_SHARE) + (n - 1) * (known.dispersionOf(key, MARK_SHARE) + RAMP_DISPERSION);
  return oddsEvidence(x, n, p, RAMP_ODDS) / inflation;
}

/** What the program itself has shown, its class left aside: over months a pull towards the class would add up to a ramp. */
function ownShare(known: PartitionKnowledge, slot: number, key: number): number {
  const all = known.programs.cellsOf(slot)[programRow(slot) + P_LEARNED_USES]!;
  return all === 0 ? 0 : Math.min(1, known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES]! / all);
}

/** Four hours are over. The key has been touched. */
export function learnRamp(known: PartitionKnowledge, slot: number, key: number, x: number, n: number, p: number): void {
  const cells = known.keys.cellsOf(key);
  const at = keyRow(key) + K_RAMP;
  const sum = cells[at]! + evidenceOf(known, key, x, n, Math.max(p, ownShare(known, slot, key)));
  cells[at] = Math.min(RAMP_NATS_MAX, Math.max(0, sum));
}

/** What is new, or was told as new, rises for a good reason: its sum begins when it is ordinary. The key has been touched. */
export function forgetRamp(known: PartitionKnowledge, key: number): void {
  known.keys.cellsOf(key)[keyRow(key) + K_RAMP] = 0;
}

/** @param p expected share of the category */
export function judgeRamp(known: PartitionKnowledge, key: number, seen: Sighting, p: number, found: Surprises): void {
  const program = known.programs.cellsOf(seen.program);
  const keys = known.keys.cellsOf(key);
  const row = keyRow(key);
  const at = programRow(seen.program);
  if (program[at + P_DAYS]! < RAMP_DAYS) {
    forgetRamp(known, key);
    return;
  }
  const before = keys[row + K_RAMP]!;
  if (before === 0) return;
  const own = Math.max(p, ownShare(known, seen.program, key));
  const x = keys[row + 2 * FOUR_HOURS * K_BLOCK + K_USES]!;
  const n = program[at + 2 * FOUR_HOURS * P_BLOCK + P_USES]!;
  const nats = before + Math.max(0, evidenceOf(known, key, x, n, own));
  if (nats <= found.least(RAMP)) return;
  // Shown as what the last days were made of.
  const k = row + 2 * A_DAY * K_BLOCK + K_USES;
  const b = at + 2 * A_DAY * P_BLOCK + P_USES;
  found.take(RAMP, nats, A_DAY, 1, keys[k]! + keys[k + K_BLOCK]!, program[b]! + program[b + P_BLOCK]!, own, 1);
}
