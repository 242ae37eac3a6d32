/**
 * What is ordinary for each program, learned from what it did, and how far an access is from that. A score is the sum of one contribution
 * for each feature: by how many e-folds its surprise is rarer than what the platform's worst tenth of program-days shows (calibration.ts).
 * The largest contribution counts whole, the others in part. A score that reaches the threshold, which follows from the policy's budget, is
 * an alarm. docs/baselines.md derives all of it.
 *
 * No clock and no randomness: the state is a function of the accesses in the order of the log.
 */
import { CATEGORIES } from '../../../schemas/codes.ts';
import { CALLS, DISCOUNT, FEATURE_COUNT, FIRST, NOVEL, QUIET, RATE, RHYTHM, ROWS, SHARE } from './features.ts';
import { PartitionKnowledge } from './partition-knowledge.ts';
import { judgeRate } from './rates.ts';
import { rhythmSurprise } from './rhythm.ts';
import { judgeBackground, judgeShare, judgeUsers } from './shares.ts';
import { judgeFleets, judgeSiblings, SiblingSums, sumSiblings } from './siblings.ts';
import { type Sighting, Surprises } from './sighting.ts';
import { K_BACKGROUND, K_BLOCK, K_CALLS, keyRow, K_SQUARES_TODAY, K_USES, K_VISITS, K_VOLUME, NO_KEY } from './state/key-rows.ts';
import {
  NEVER,
  P_ALARMED,
  P_BLOCK,
  P_CALLS,
  P_HOUR,
  P_LAST_ALARM,
  P_SCALE,
  P_TOLD,
  P_TOP_SCORE,
  P_USES,
  P_VISITS,
  P_WORST,
  numbersRow,
  programRow,
  TOLD,
} from './state/program-rows.ts';
import { isToldAmount, rememberAmount } from './told-amount.ts';
import { isToldRhythm, rememberRhythm } from './told-rhythm.ts';
import {
  A_DAY,
  BLOCK_CALLS_MAX,
  CALLS_PER_USE_MAX,
  CONTRIBUTION_MAX,
  EPISODE_SECONDS,
  EXCESS_FROM_NATS,
  OTHERS_WEIGHT,
  RATE_SHARE_MAX,
  RHYTHM_NATS,
  RHYTHM_SECONDS_MIN,
  SCALE_HOURS,
  SCALES,
  SESSION_GAP_SECONDS,
  SIBLINGS_FROM_NATS,
  TOLD_MARGIN,
  TOLD_HOURS,
  USE_SECONDS,
  USE_WEIGHTS,
  VISIT_SECONDS,
} from './tuning.ts';
import { cutVolume, judgeVolume } from './volume.ts';
import { forgetTold, halveBlock, rollKey, rollProgram } from './windows.ts';

const NAVIGATION = CATEGORIES.indexOf('navigation');
const NETWORK = CATEGORIES.indexOf('network');
const UNKNOWN = CATEGORIES.indexOf('unknown');
/** Contributions are whole multiples of this, so that they sum to the score in any order, to the last bit of a Float32. */
const STEP = 1 / 256;
/** Calibrations and threshold are worked out anew after so many program-days. */
const REFRESH_DAYS = 16;
/** By feature: smaller surprises are neither told nor remembered. */
const FLOOR_NATS = Array.from({ length: FEATURE_COUNT }, (_, feature) =>
  feature === ROWS || feature === QUIET || feature === RATE ? 0 : 1,
);
/** Features that are worked out even where they have no effect: first days are sums of small surprises, and what is quiet is no rate. */
const NEEDED_WHOLE = Array.from({ length: FEATURE_COUNT }, (_, feature) => feature === FIRST || feature === QUIET);

export class Baselines {
  readonly known = new PartitionKnowledge();
  readonly surprises = new Surprises();
  /** What the programs of the developer do together; of the last access only where `isCurrent` says so. */
  readonly siblings = new SiblingSums();
  /** By feature; they sum to `score`. Valid until the next access. */
  readonly contributions = new Float64Array(FEATURE_COUNT);
  score = 0;
  /** The score that this access had to reach for an alarm. */
  threshold = 0;
  isAlarm = false;
  /** The alarm opens an episode. */
  opensEpisode = false;
  /** Feature with the largest contribution. */
  largest = 0;
  /** The access is older than all that its windows still hold: it was not even counted. */
  isLate = false;
  /** What a share has to exceed to have an effect, leaving siblings aside. */
  #shareFloor = 0;
  /** The last access began a use. */
  #isUse = false;
  /** Of the rhythm of the user of the last access: seconds, and how many in a row. */
  #interval = 0;
  #intervals = 0;
  readonly #classOf: (slot: number) => number;

  /** @param classOf number of a program's class, by its slot */
  constructor(classOf: (slot: number) => number) {
    this.#classOf = classOf;
  }

  /**
   * Takes in an access and says how far from ordinary it is.
   * @param userHash words of a keyed hash of the user
   * @param developerPrograms slots of the programs of the program's developer, ascending
   * @param budget alarm episodes a program-day that the policy allows; 0: none
   */
  see(seen: Sighting, userHash: Uint32Array, developerPrograms: readonly number[], budget: number): void {
    if (this.score !== 0) this.contributions.fill(0);
    this.score = 0;
    this.isAlarm = this.opensEpisode = this.isLate = this.siblings.isCurrent = false;
    if (seen.category === NETWORK) return;
    this.#refresh();
    const { known } = this;
    known.threshold = known.scores.at(Math.max(budget, BUDGET_MIN));
    this.threshold = budget > 0 ? known.threshold : Number.POSITIVE_INFINITY;
    const hour = Math.floor(seen.seconds / 3600);
    known.programs.touch(seen.program);
    const before = known.programs.numbersOf(seen.program)[numbersRow(seen.program) + P_HOUR]!;
    if (before !== NEVER && hour < before) {
      this.#seeLate(seen, hour, before, userHash);
      return;
    }
    rollProgram(known, seen.program, seen.classNumber, hour);
    const key = known.keyOf(seen.program, seen.category, hour);
    rollKey(known, key, hour);
    known.keys.touch(key);
    const lastAlarm = known.programs.numbersOf(seen.program)[numbersRow(seen.program) + P_LAST_ALARM]!;
    const told = known.programs.cellsOf(seen.program)[programRow(seen.program) + P_TOLD] === TOLD;
    if (told && seen.seconds - lastAlarm >= EPISODE_SECONDS) forgetTold(known, seen.program, seen.classNumber, hour);
    const rhythm = this.#count(seen, key, hour, hour, userHash);
    // More calls of a use are counted, and judged with the next use.
    if (!this.#isUse || seen.category === NAVIGATION || seen.category === UNKNOWN) return;
    this.surprises.clear();
    this.#setFloors(seen.program, developerPrograms.length > 0);
    this.#judge(seen, key, hour, rhythm, developerPrograms);
    if (!this.surprises.isAny) return;
    this.#sum(seen.program);
    if (this.#isTold(seen, key, hour)) return;
    this.#remember(seen.program);
    this.#decide(seen, key, hour);
  }

  #refresh(): void {
    const days = this.known.daysSeen;
    if (days >= this.known.daysAtRefresh && days < this.known.daysAtRefresh + REFRESH_DAYS) return;
    this.known.refresh();
  }

  /**
   * Adds an access to the windows; answers the evidence for a rhythm of its user, nats. One that is behind its own user's last call is no use or visit more.
   * @param newest the program's hour, `hour` or a later one
   */
  #count(seen: Sighting, key: number, hour: number, newest: number, userHash: Uint32Array): number {
    const { known } = this;
    const { users } = known;
    users.growIfFull();
    const seconds = Math.max(1, Math.floor(seen.seconds));
    const found = users.find(mixed(userHash[0]!, seen.program), mixed(userHash[1]!, seen.program), seen.category);
    const { at, isNew } = found;
    const isVisit = found.lastAnywhere === 0 || seconds - found.lastAnywhere >= VISIT_SECONDS;
    let isUse = true;
    let isCall = true;
    let rhythm = 0;
    if (isNew) users.beginUse(at, seconds, 1);
    else {
      const interval = seconds - users.last(at);
      if (seconds - users.useBegan(at) < USE_SECONDS) {
        isUse = false;
        isCall = users.addCall(at) <= CALLS_PER_USE_MAX;
      } else users.beginUse(at, seconds, interval < SESSION_GAP_SECONDS ? users.usesOfSession(at) + 1 : 1);
      if (interval >= RHYTHM_SECONDS_MIN) {
        rhythm = rhythmSurprise(users, at, interval, seen.isForeground);
        this.#interval = users.interval(at);
        this.#intervals = users.intervals(at);
      }
    }
    users.setLast(at, Math.max(seconds, users.last(at)));
    this.#isUse = isUse;
    const weight = USE_WEIGHTS[users.usesOfSession(at)]!;
    this.#add(seen, key, hour, newest, isUse ? weight : 0, isCall ? weight : 0, isVisit ? 1 : 0);
    return rhythm;
  }

  /** @param uses,calls what the access counts as (USE_WEIGHTS), 0 where it is none */
  #add(seen: Sighting, key: number, hour: number, newest: number, uses: number, calls: number, visits: number): void {
    const { known } = this;
    const program = known.programs.cellsOf(seen.program);
    const keys = known.keys.cellsOf(key);
    const volume = calls === 0 ? 0 : cutVolume(known, key, seen);
    const weighted = calls * volume;
    const inBackground = seen.isForeground ? 0 : uses;
    if (blocksBehind(A_DAY, hour, newest) === 0) keys[keyRow(key) + K_SQUARES_TODAY]! += weighted * volume;
    for (let scale = 0; scale < SCALES; scale++) {
      const behind = blocksBehind(scale, hour, newest);
      if (behind > 1) continue;
      const k = keyRow(key) + (2 * scale + behind) * K_BLOCK;
      keys[k + K_USES]! += uses;
      keys[k + K_CALLS]! += calls;
      keys[k + K_BACKGROUND]! += inBackground;
      keys[k + K_VISITS]! += visits;
      keys[k + K_VOLUME]! += weighted;
      const p = programRow(seen.program) + (2 * scale + behind) * P_BLOCK;
      program[p + P_USES]! += uses;
      program[p + P_CALLS]! += calls;
      if (behind === 1) continue;
      program[programRow(seen.program) + P_VISITS + scale]! += visits;
      if (program[p + P_CALLS]! >= BLOCK_CALLS_MAX[scale]!) halveBlock(known, seen.program, scale, newest);
    }
  }

  /**
   * Says from which surprise on a feature is worth working out: more than the program's worst of today, or more than is ordinary on the
   * platform. Most of what a busy program does is below either, contributes nothing and is not remembered.
   */
  #setFloors(slot: number, hasSiblings: boolean): void {
    const { known, surprises } = this;
    const cells = known.programs.cellsOf(slot);
    const at = programRow(slot);
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const worst = cells[at + P_WORST + feature]!;
      const ordinary = known.calibrations[feature]!.ordinaryNats * cells[at + P_SCALE + feature]!;
      const least = FLOOR_NATS[feature]!;
      surprises.setFloor(feature, NEEDED_WHOLE[feature] ? least : Math.max(least, Math.min(worst, ordinary)));
    }
    this.#shareFloor = surprises.floor(SHARE);
    // Siblings are looked at wherever a share is a little too large.
    if (hasSiblings) surprises.setFloor(SHARE, EXCESS_FROM_NATS);
  }

  #judge(seen: Sighting, key: number, hour: number, rhythm: number, developerPrograms: readonly number[]): void {
    const { known, surprises } = this;
    const classRow = known.classes.row(seen.classNumber);
    const isJudged = judgeShare(known, key, seen, classRow, surprises);
    const share = surprises.nats[SHARE]!;
    if (isJudged && share > EXCESS_FROM_NATS && developerPrograms.length > 0) {
      sumSiblings(known, seen.program, developerPrograms, this.#classOf, hour, seen.category, this.siblings);
      this.siblings.isCurrent = true;
      if (share > SIBLINGS_FROM_NATS) {
        judgeSiblings(this.siblings, surprises);
        if (seen.fleets !== null) judgeFleets(seen.fleets, hour, seen.category, surprises);
      }
    }
    if (surprises.nats[SHARE]! <= this.#shareFloor) surprises.drop(SHARE);
    if (!seen.isForeground) judgeBackground(known, key, seen, classRow, surprises);
    judgeUsers(known, key, seen, classRow, surprises);
    judgeVolume(known, key, seen, classRow, surprises);
    judgeRate(known, seen.program, surprises);
    const evenness = rhythm - RHYTHM_NATS;
    if (evenness > 0 && !isToldRhythm(known, seen, key, hour, this.#interval, evenness))
      surprises.take(RHYTHM, evenness, 0, 0, this.#interval, this.#intervals, 0, 1);
  }

  /** Surprises, scaled to the program's own noise, calibrated, bounded, and added up. */
  #sum(slot: number): void {
    const { known, surprises, contributions } = this;
    const program = known.programs.cellsOf(slot);
    const at = programRow(slot);
    let largest = 0;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const nats = surprises.nats[feature]!;
      if (nats === 0) continue;
      const folds = known.calibrations[feature]!.folds(nats / program[at + P_SCALE + feature]!);
      const most = feature === RATE || feature === QUIET ? RATE_SHARE_MAX : CONTRIBUTION_MAX;
      contributions[feature] = Math.min(most, Math.max(0, folds - DISCOUNT[feature]!));
    }
    // Uses and calls are the same accesses, counted twice.
    if (contributions[CALLS]! > contributions[SHARE]!) contributions[SHARE] = 0;
    else contributions[CALLS] = 0;
    for (let feature = 1; feature < FEATURE_COUNT; feature++)
      if (contributions[feature]! > contributions[largest]!) largest = feature;
    this.largest = largest;
    let score = 0;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      if (contributions[feature] === 0) continue;
      const weighted = contributions[feature]! * (feature === largest ? 1 : OTHERS_WEIGHT);
      contributions[feature] = Math.round(weighted / STEP) * STEP;
      score += contributions[feature]!;
    }
    this.score = score;
  }

  #isTold(seen: Sighting, key: number, hour: number): boolean {
    const { score, largest, contributions } = this;
    return score > 0 && isToldAmount(this.known, seen, key, hour, largest, contributions, score >= this.threshold);
  }

  /** What is news, or may become it, counts for the day. */
  #remember(slot: number): void {
    const program = this.known.programs.cellsOf(slot);
    const at = programRow(slot);
    const { nats } = this.surprises;
    for (let feature = 0; feature < FEATURE_COUNT; feature++)
      if (nats[feature]! > program[at + P_WORST + feature]!) program[at + P_WORST + feature] = nats[feature]!;
    if (this.score > program[at + P_TOP_SCORE]!) program[at + P_TOP_SCORE] = this.score;
  }

  #decide(seen: Sighting, key: number, hour: number): void {
    const { known } = this;
    if (this.score === 0 || this.score < this.threshold) return;
    const numbers = known.programs.numbersOf(seen.program);
    const n = numbersRow(seen.program);
    const program = known.programs.cellsOf(seen.program);
    const at = programRow(seen.program);
    const isOpen = numbers[n + P_LAST_ALARM] !== NEVER && seen.seconds - numbers[n + P_LAST_ALARM]! < EPISODE_SECONDS;
    const before = known.keys.told(key);
    if (!isOpen && before !== undefined && before.hour !== 0) {
      const left = 1 - (hour - before.hour) / TOLD_HOURS;
      if (left > 0) this.threshold += Math.max(0, before.score + TOLD_MARGIN - this.threshold) * left;
      if (this.score < this.threshold) return;
    }
    this.isAlarm = true;
    this.opensEpisode = !isOpen;
    program[at + P_TOLD] = TOLD;
    const told = known.keys.makeTold(key);
    told.score = isOpen ? Math.max(this.score, told.score) : this.score;
    told.hour = hour;
    rememberAmount(known, told, key, hour, this.contributions);
    if (this.contributions[RHYTHM]! > 0) rememberRhythm(told, hour, this.#interval);
    numbers[n + P_LAST_ALARM] = Math.floor(seen.seconds);
    // A new category is told and then learned; anything else is not to become ordinary.
    if (this.largest === NOVEL) told.newHour = hour;
    else program[at + P_ALARMED] = 1;
  }

  /** Counted like any other where its windows still hold its time, never judged: it says what was, not what is. */
  #seeLate(seen: Sighting, hour: number, newest: number, userHash: Uint32Array): void {
    const { known } = this;
    this.isLate = blocksBehind(A_DAY, hour, newest) > 1;
    const { program, category } = seen;
    const key = this.isLate ? known.findKey(program, category) : known.keyOf(program, category, newest);
    if (key === NO_KEY) return;
    rollKey(known, key, newest);
    if (this.isLate) return;
    known.keys.touch(key);
    this.#count(seen, key, hour, newest, userHash);
  }
}

/** How many blocks of a scale an hour is behind the newest one; the two newest are held. */
function blocksBehind(scale: number, hour: number, newest: number): number {
  // As nearly all are; this is asked for each access and scale.
  if (hour === newest) return 0;
  const hours = SCALE_HOURS[scale]!;
  return Math.floor(newest / hours) - Math.floor(hour / hours);
}

/** The smallest budget that has a threshold of its own. With a budget of 0 nothing alarms, and scores are learned up to this one's threshold. */
const BUDGET_MIN = 1e-8;

/** A word of a keyed hash of a user with a program worked in; odd factors spread over all bits. */
function mixed(word: number, program: number): number {
  const hash = Math.imul(word ^ Math.imul(program + 1, 0x9e3779b1), 0x85ebca6b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
