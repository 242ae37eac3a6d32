/** How much a call takes: the logarithms of its rows and bytes, added. */
import { ROWS } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Sighting, Surprises } from './sighting.ts';
import { C_WITH, categoryCell, type ClassRow } from './state/class-rows.ts';
import { K_BLOCK, K_CALLS, keyRow, K_LEARNED, K_VOLUME, MARK_VOLUME } from './state/key-rows.ts';
import { uncertainty } from './trust.ts';
import { A_DAY, CLASS_DAYS_WITH_MIN, CLASS_ROW_CALLS, EVIDENT_USES_MIN, SCALES } from './tuning.ts';

/** Standard deviations at which a single call is cut. */
const SPREAD_MAX = 2.5;
/** Program-days of its class, with the category, from which a single call is cut. */
const CLASS_DAYS_TO_CUT = 2;
const LEARNED_CALLS_MIN = 10;

/** ln(1 + rows) + ln(1 + bytes), cut at some deviations from what is usual: one large call is no change. */
export function cutVolume(known: PartitionKnowledge, key: number, { rows, bytes, category, classNumber }: Sighting): number {
  const volume = logarithmOf(rows) + logarithmOf(bytes);
  const classRow = known.classes.row(classNumber);
  const isKnown =
    known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_CALLS]! > 0 ||
    classRow[categoryCell(category) + C_WITH]! > CLASS_DAYS_TO_CUT;
  if (!isKnown) return volume;
  const { mean, variance } = known.volumeOf(key, classRow);
  const spread = SPREAD_MAX * Math.sqrt(variance);
  return Math.min(mean + spread, Math.max(mean - spread, volume));
}

/** Rows and bytes, given calls: the mean of their logarithms, whose square over its variance is a surprise (Gaussian tail). */
export function judgeVolume(known: PartitionKnowledge, key: number, seen: Sighting, classRow: ClassRow, found: Surprises): void {
  const keys = known.keys.cellsOf(key);
  const learned = keys[keyRow(key) + K_LEARNED + K_CALLS]!;
  if (learned <= LEARNED_CALLS_MIN && classRow[categoryCell(seen.category) + C_WITH]! <= CLASS_DAYS_WITH_MIN) return;
  const { mean, variance } = known.volumeOf(key, classRow);
  let dispersion = -1;
  let unsure = 0;
  for (let scale = 0; scale < SCALES; scale++) {
    for (let blocks = 0, volume = 0, n = 0; blocks < 2; blocks++) {
      const k = keyRow(key) + (2 * scale + blocks) * K_BLOCK;
      volume += keys[k + K_VOLUME]!;
      n += keys[k + K_CALLS]!;
      if (n < EVIDENT_USES_MIN || volume <= n * mean) continue;
      if (dispersion === -1) {
        dispersion = known.dispersionOf(key, MARK_VOLUME);
        unsure = uncertainty(learned, CLASS_ROW_CALLS);
      }
      const rho = dispersion * (scale === A_DAY ? known.dayRatio(MARK_VOLUME) : 1) + unsure;
      const above = volume / n - mean;
      const inflation = (variance * (known.clusterOf(MARK_VOLUME) + (n - 1) * rho)) / n;
      const nats = (above * above) / inflation / 2;
      if (nats > found.least(ROWS)) found.take(ROWS, nats, scale, blocks, volume / n, n, mean, inflation);
    }
  }
}

/** ln(1 + n); most calls return few rows and few bytes. */
function logarithmOf(n: number): number {
  return n < LOGARITHMS.length ? LOGARITHMS[n]! : Math.log(1 + n);
}
const LOGARITHMS = Float64Array.from({ length: 4096 }, (_, n) => Math.log(1 + n));
