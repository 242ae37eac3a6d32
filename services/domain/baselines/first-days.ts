/** What a program of less than two days does, against its class: users and background add to what its shares say. */
import { betweenAfter, type PartitionKnowledge } from './partition-knowledge.ts';
import type { FirstCounted, Sighting, Surprises } from './sighting.ts';
import { C_VISIT_DAYS, C_VISIT_SQUARES, C_VISIT_SUM, C_WITH, categoryCell, type ClassRow } from './state/class-rows.ts';
import { K_BACKGROUND, K_BLOCK, keyRow, K_USES, MARK_BACKGROUND, MARK_VISITS } from './state/key-rows.ts';
import { P_BLOCK, P_CALLS, P_LEARNED_CALLS, P_LEARNED_VISITS, P_VISITS, programRow } from './state/program-rows.ts';
import { shareSurprise } from './surprise.ts';
import { A_DAY, CLASS_CALLS, CLASS_DAYS_WITH_MIN, EVIDENT_CALLS_MIN, EVIDENT_USES_MIN, FIRST_BETWEEN, SCALES } from './tuning.ts';

/** Adds to what the share of a young program says: how much of the category it does unseen, against its class. */
export function judgeFirstBackground(
  known: PartitionKnowledge,
  key: number,
  seen: Sighting,
  classRow: ClassRow,
  found: Surprises,
): void {
  if (classRow[categoryCell(seen.category) + C_WITH]! <= CLASS_DAYS_WITH_MIN) return;
  const keys = known.keys.cellsOf(key);
  addMost(found, 'background', EVIDENT_USES_MIN, {
    marked: (scale) => keys[keyRow(key) + 2 * scale * K_BLOCK + K_BACKGROUND]!,
    of: (scale) => keys[keyRow(key) + 2 * scale * K_BLOCK + K_USES]!,
    p: known.backgroundOf(key, classRow),
    cluster: known.clusterOf(MARK_BACKGROUND),
    rho: known.pooled(MARK_BACKGROUND) + FIRST_BETWEEN,
  });
}

/** How many users all calls of a young program reach, against its class; adds to what its shares say. */
export function judgeFirstUsers(known: PartitionKnowledge, seen: Sighting, classRow: ClassRow, found: Surprises): void {
  const program = known.programs.cellsOf(seen.program);
  const at = programRow(seen.program);
  const mean = classRow[C_VISIT_SUM]! / classRow[C_VISIT_DAYS]!;
  const variance = classRow[C_VISIT_SQUARES]! / classRow[C_VISIT_DAYS]! - mean * mean;
  const shown = Math.min(0.5, Math.max(0.02, variance / (mean * (1 - mean) + 0.01)));
  const p = Math.min(
    0.97,
    (program[at + P_LEARNED_VISITS]! + mean * CLASS_CALLS) / (program[at + P_LEARNED_CALLS]! + CLASS_CALLS),
  );
  addMost(found, 'visits', EVIDENT_CALLS_MIN, {
    marked: (scale) => program[at + P_VISITS + scale]!,
    of: (scale) => program[at + 2 * scale * P_BLOCK + P_CALLS]!,
    p,
    cluster: 1,
    rho: betweenAfter(classRow[C_VISIT_DAYS]!, shown) + known.pooled(MARK_VISITS),
  });
}

interface FirstShare {
  /** In the filling block of a scale: how many are marked, of how many. */
  readonly marked: (scale: number) => number;
  readonly of: (scale: number) => number;
  /** Expected share; variance of few over that of chance, and over-dispersion. */
  readonly p: number;
  readonly cluster: number;
  readonly rho: number;
}

/** Adds the largest surprise of the filling blocks; what is told is the day. */
function addMost(found: Surprises, counted: FirstCounted, min: number, { marked, of, p, cluster, rho }: FirstShare): void {
  const inflation = (n: number): number => cluster + (n - 1) * rho;
  let most = 0;
  for (let scale = 0; scale < SCALES; scale++) {
    const x = marked(scale);
    const n = of(scale);
    if (x < min || x <= p * n) continue;
    most = Math.max(most, shareSurprise(Math.min(x, n), n, p) / inflation(n));
  }
  if (most > 0) found.addFirst(most, A_DAY, counted, marked(A_DAY), of(A_DAY), p, inflation(of(A_DAY)));
}
