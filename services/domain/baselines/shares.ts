/**
 * What part of a program's uses and calls a category has, how many of its uses are in the background, and how many of its calls begin a visit.
 * Each is a share given the program's own activity, so that promotions, holidays, launches and growth cancel.
 */
import { BACKGROUND, CALLS, FIRST, NOVEL, SHARE, USERS } from './features.ts';
import { judgeFirstBackground, judgeFirstUsers } from './first-days.ts';
import { forgetRamp, judgeRamp } from './ramps.ts';
import { uncertainty } from './trust.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Sighting, Surprises } from './sighting.ts';
import { C_DAYS, C_VISIT_DAYS, C_WITH, categoryCell, type ClassRow } from './state/class-rows.ts';
import {
  K_BACKGROUND,
  K_BLOCK,
  K_CALLS,
  keyRow,
  K_LEARNED,
  K_USES,
  K_VISITS,
  MARK_BACKGROUND,
  MARK_CALLS,
  MARK_SHARE,
  MARK_VISITS,
} from './state/key-rows.ts';
import { P_BLOCK, P_CALLS, P_DAYS, P_LEARNED_CALLS, P_LEARNED_USES, P_USES, programRow } from './state/program-rows.ts';
import { mayExceed, shareSurprise } from './surprise.ts';
import {
  A_DAY,
  CLASS_CALLS,
  CLASS_DAYS_MIN,
  CLASS_DAYS_WITH_MIN,
  CLASS_USES,
  EVIDENT_CALLS_MIN,
  EVIDENT_USES_MIN,
  LATELY_LISTED_WEIGHT,
  LISTED_SECONDS,
  NOVEL_DAYS,
  NOVEL_USES,
  NOVEL_WEIGHT,
  SCALES,
  USES_MIN,
  YOUNG_DAYS,
} from './tuning.ts';

const LEARNED_CALLS_FOR_USERS = 20;
/** A category that was lately listed may be told as new in the six hours after its first use; then it is learned for a week. */
const TOLD_NEW_SECONDS = 6 * 3600;

/**
 * Share of the category among uses and among calls; for programs of which little is known against the class; for a category never used, as new.
 * Answers whether the share is above what the program itself has shown: then it may be a ramp, and its siblings are worth a look.
 */
export function judgeShare(
  known: PartitionKnowledge,
  key: number,
  seen: Sighting,
  classRow: ClassRow,
  found: Surprises,
): boolean {
  const program = known.programs.cellsOf(seen.program);
  const at = programRow(seen.program);
  const keys = known.keys.cellsOf(key);
  const row = keyRow(key);
  const days = program[at + P_DAYS]!;
  const learned = program[at + P_LEARNED_USES]!;
  const isOld = learned >= USES_MIN;
  // Of one that is new, or was hardly used however long it is there, its class is nearly all that is known.
  const isByClass = !isOld && classRow[C_DAYS]! > CLASS_DAYS_MIN;
  const told = known.keys.told(key)?.newHour ?? 0;
  const isHardlyKnown = keys[row + K_LEARNED + K_USES]! < NOVEL_USES && days >= NOVEL_DAYS && isOld;
  const isNovel = isHardlyKnown && (told === 0 || (seen.isLatelyListed && !isPastTelling(told, seen.seconds)));
  if (isNovel && seen.isNewlyListed) learnInSilence(known, key, seen.seconds);
  if (isNovel && seen.isLatelyListed && told === 0) known.keys.makeTold(key).newHour = Math.floor(seen.seconds / 3600);
  const isLearned = seen.isNewlyListed || (isNovel ? seen.isFreshlyListed : wasToldNew(told, seen.seconds));
  if ((!isOld && !isByClass) || isLearned) {
    forgetRamp(known, key);
    return false;
  }
  if (isNovel || !isOld) forgetRamp(known, key);
  const p = isOld ? known.shareOf(seen.program, key, classRow) : known.firstShareOf(seen.program, key, classRow);
  const uses = program[at + P_USES]! + program[at + P_BLOCK + P_USES]!;
  if (keys[row + K_USES]! + keys[row + K_BLOCK + K_USES]! <= p * uses) return false;
  const pCalls = known.callShareOf(seen.program, key, classRow);
  const dispersion = known.dispersionOf(key, MARK_SHARE);
  const callDispersion = known.dispersionOf(key, MARK_CALLS);
  const cluster = known.clusterOf(MARK_SHARE);
  const callCluster = known.clusterOf(MARK_CALLS);
  const ratio = known.dayRatio(MARK_SHARE);
  const callRatio = known.dayRatio(MARK_CALLS);
  const between = isOld ? 0 : known.betweenPrograms(seen.category, classRow);
  const unsure = isOld ? uncertainty(learned, CLASS_USES) : between;
  const callsUnsure = isOld ? uncertainty(program[at + P_LEARNED_CALLS]!, CLASS_USES) : between;
  const feature = isNovel ? NOVEL : isOld ? SHARE : FIRST;
  const weight = !isNovel ? 1 : seen.isLatelyListed ? NOVEL_WEIGHT * LATELY_LISTED_WEIGHT : NOVEL_WEIGHT;
  for (let scale = 0; scale < SCALES; scale++) {
    const rho = dispersion * (scale === A_DAY ? ratio : 1) + unsure;
    const callRho = callDispersion * (scale === A_DAY ? callRatio : 1) + callsUnsure;
    for (let blocks = 0, x = 0, n = 0, calls = 0, all = 0; blocks < 2; blocks++) {
      const k = row + (2 * scale + blocks) * K_BLOCK;
      const b = at + (2 * scale + blocks) * P_BLOCK;
      x += keys[k + K_USES]!;
      calls += keys[k + K_CALLS]!;
      n += program[b + P_USES]!;
      all += program[b + P_CALLS]!;
      if (calls < EVIDENT_CALLS_MIN) continue;
      const inflation = (cluster + (n - 1) * rho) / weight;
      if (x >= EVIDENT_USES_MIN && mayExceed(found.least(feature), x, n, p, inflation)) {
        found.take(feature, shareSurprise(x, n, p) / inflation, scale, blocks, x, n, p, inflation);
      }
      if (isNovel || !isOld) continue;
      const callInflation = callCluster + (all - 1) * callRho;
      if (!mayExceed(found.least(CALLS), calls, all, pCalls, callInflation)) continue;
      const nats = shareSurprise(calls, all, pCalls) / callInflation;
      found.take(CALLS, nats, scale, blocks, calls, all, pCalls, callInflation);
    }
  }
  if (!isOld || isNovel) return false;
  judgeRamp(known, key, seen, p, found);
  return true;
}

/** What came into use within a week of being listed is learned for a week from then on, like what was told as new: a few uses a day teach little. */
function learnInSilence(known: PartitionKnowledge, key: number, seconds: number): void {
  known.keys.makeTold(key).newHour = Math.max(1, Math.floor((seconds - TOLD_NEW_SECONDS) / 3600) - 1);
}

/** Once told it is as new as a share as it is by itself: that would be the same thing a second time. */
function wasToldNew(toldHour: number, seconds: number): boolean {
  return toldHour !== 0 && seconds - toldHour * 3600 < LISTED_SECONDS;
}

function isPastTelling(toldHour: number, seconds: number): boolean {
  return seconds - toldHour * 3600 > TOLD_NEW_SECONDS;
}

/**
 * One mark of a key's uses or calls: in each window, how many are marked where a share `p` was expected.
 * @param marked cell of a block that counts those with the mark, `of` the one that counts all
 * @param min fewer that are marked are no evidence
 * @param learned trials that `p` was learned from
 */
function judgeMark(
  known: PartitionKnowledge,
  key: number,
  feature: number,
  mark: number,
  marked: number,
  of: number,
  min: number,
  p: number,
  learned: number,
  found: Surprises,
): void {
  const keys = known.keys.cellsOf(key);
  let dispersion = -1;
  let unsure = 0;
  for (let scale = 0; scale < SCALES; scale++) {
    for (let blocks = 0, x = 0, n = 0; blocks < 2; blocks++) {
      const k = keyRow(key) + (2 * scale + blocks) * K_BLOCK;
      x += keys[k + marked]!;
      n += keys[k + of]!;
      if (x < min || x <= n * p) continue;
      // Most go no further, and need none of this.
      if (dispersion === -1) {
        dispersion = known.dispersionOf(key, mark);
        unsure = uncertainty(learned, CLASS_CALLS);
      }
      const rho = dispersion * (scale === A_DAY ? known.dayRatio(mark) : 1) + unsure;
      const inflation = known.clusterOf(mark) + (n - 1) * rho;
      if (!mayExceed(found.least(feature), x, n, p, inflation)) continue;
      found.take(feature, shareSurprise(Math.min(x, n), n, p) / inflation, scale, blocks, x, n, p, inflation);
    }
  }
}

export function judgeBackground(
  known: PartitionKnowledge,
  key: number,
  seen: Sighting,
  classRow: ClassRow,
  found: Surprises,
): void {
  const program = known.programs.cellsOf(seen.program);
  const at = programRow(seen.program);
  const learned = known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES]!;
  if (found.nats[FIRST]! > 0) judgeFirstBackground(known, key, seen, classRow, found);
  if (learned + program[at + P_LEARNED_USES]! <= USES_MIN) return;
  judgeMark(
    known,
    key,
    BACKGROUND,
    MARK_BACKGROUND,
    K_BACKGROUND,
    K_USES,
    EVIDENT_USES_MIN,
    known.backgroundOf(key, classRow),
    learned,
    found,
  );
}

/** Distinct users, given calls: a call that begins a visit is another user. */
export function judgeUsers(known: PartitionKnowledge, key: number, seen: Sighting, classRow: ClassRow, found: Surprises): void {
  const program = known.programs.cellsOf(seen.program);
  const at = programRow(seen.program);
  const learned = known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_CALLS]!;
  if (learned > LEARNED_CALLS_FOR_USERS || classRow[categoryCell(seen.category) + C_WITH]! > CLASS_DAYS_WITH_MIN) {
    const p = known.visitsOf(key, classRow);
    judgeMark(known, key, USERS, MARK_VISITS, K_VISITS, K_CALLS, EVIDENT_CALLS_MIN, p, learned, found);
  }
  if (program[at + P_DAYS]! < YOUNG_DAYS && classRow[C_VISIT_DAYS]! > CLASS_DAYS_WITH_MIN)
    judgeFirstUsers(known, seen, classRow, found);
}
