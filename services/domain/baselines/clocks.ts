/**
 * How ordinary an even rhythm is for a program. A courier is followed, a widget keeps itself fresh and a night's sleep is measured every few minutes:
 * where that is what a category is used for, one more is no surprise, however even it is. A program that is known and never did it has no such use.
 */
import { CATEGORIES } from '../../../schemas/codes.ts';
import type { ByteReader, ByteWriter } from '../state/bytes.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import { K_BLOCK, K_CALLS, K_CLOCK_VISITS, K_CLOCKS, K_CLOCKS_TODAY, K_VISITS, keyRow } from './state/key-rows.ts';
import { A_DAY, CLOCK_SHARE, CLOCKS_SURE_DAYS } from './tuning.ts';

/**
 * The most that a rhythm can surprise, nats: minus the logarithm of how likely a visit of this category is one. Either rhythms were seen, and that is
 * their share; or none was in so many visits, and it is how likely a category has a use for them that did not show.
 */
export function clockSurprise(known: PartitionKnowledge, key: number): number {
  const cells = known.keys.cellsOf(key);
  const row = keyRow(key);
  const visits = cells[row + K_CLOCK_VISITS]!;
  const own = cells[row + K_CLOCKS_TODAY]! > 0 ? 1 : 0;
  const hidden = known.clocks.shareOf(known.keys.categoryOf(key), own) * Math.exp(-CLOCK_SHARE * visits);
  return -Math.log(Math.min(1, hidden + cells[row + K_CLOCKS]! / Math.max(1, visits)));
}

/** A user's rhythm became plain: it counts among what the program does, and at once among what the platform knows. The key has been touched. */
export function noteClock(known: PartitionKnowledge, key: number): void {
  const cells = known.keys.cellsOf(key);
  if (cells[keyRow(key) + K_CLOCKS_TODAY]!++ === 0) known.clocks.note(known.keys.categoryOf(key));
}

/**
 * A day of a key is over: what it says of rhythms, to the program and to the platform. One that alarmed has none that the program is known for: a poller
 * would be told once, and be ordinary from then on.
 * @param trust how much of the day is believed
 * @param each how much each of its visits counts, for they depend on each other
 */
export function learnClocks(known: PartitionKnowledge, key: number, trust: number, each: number, isAlarmed: boolean): void {
  const cells = known.keys.cellsOf(key);
  const row = keyRow(key);
  const day = row + A_DAY * 2 * K_BLOCK;
  const clocks = cells[row + K_CLOCKS_TODAY]!;
  if (clocks > 0 || cells[day + K_CALLS]! > 0) known.clocks.learn(known.keys.categoryOf(key), clocks > 0, trust, isAlarmed);
  if (!isAlarmed) cells[row + K_CLOCKS]! += trust * each * clocks;
  cells[row + K_CLOCK_VISITS]! += trust * each * cells[day + K_VISITS]!;
  cells[row + K_CLOCKS_TODAY] = 0;
}

/**
 * Days of a program's category on which somebody had a rhythm, among all, by category: places are followed, and numbers are not. A category that is
 * hardly known is taken to be as all are. Until the first is seen nobody has any.
 */
export class ClockDays {
  /** By category, then for all together: days with a rhythm, and days. */
  readonly #days = new Float64Array(2 * (CATEGORIES.length + 1));

  /**
   * How likely a category is used by the clock, where nothing is known of the program.
   * @param own days with a rhythm that are the program's own, and say nothing of others
   */
  shareOf(category: number, own: number): number {
    return this.#share(category, own, this.#share(ALL, own, 0));
  }

  #share(at: number, own: number, before: number): number {
    return (Math.max(0, this.#days[2 * at]! - own) + before * CLOCKS_SURE_DAYS) / (this.#days[2 * at + 1]! + CLOCKS_SURE_DAYS);
  }

  /** A day of a program's category has its first rhythm. */
  note(category: number): void {
    for (const at of [category, ALL]) this.#days[2 * at]!++;
  }

  /** A day of a program's category is over. @param trust how much of it is believed; of rhythms nothing on a day that alarmed */
  learn(category: number, hasOne: boolean, trust: number, isAlarmed: boolean): void {
    const before = hasOne ? 1 : 0;
    for (const at of [category, ALL]) {
      // It counted in full when it was noted.
      this.#days[2 * at] = Math.max(0, this.#days[2 * at]! - before + (isAlarmed ? 0 : before * trust));
      this.#days[2 * at + 1]! += trust;
      if (this.#days[2 * at + 1]! < CLOCK_DAYS_MAX) continue;
      this.#days[2 * at]! /= 2;
      this.#days[2 * at + 1]! /= 2;
    }
  }

  write(out: ByteWriter): void {
    for (const days of this.#days) out.double(days);
  }

  restore(reader: ByteReader): void {
    for (let i = 0; i < this.#days.length; i++) this.#days[i] = reader.double();
  }
}

const ALL = CATEGORIES.length;
/** More days of a category count half from then on: what is new weighs more. */
const CLOCK_DAYS_MAX = 2 ** 17;
