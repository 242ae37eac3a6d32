/** What is compared on labelled traffic: an approach of `../approaches/`, which does not ask what else happened, or another one, and what it is given to see. */

export interface TrafficJudge {
  /** Judges the hour of a series by those before it, then learns it. `accesses`: of its program in this hour. @returns surprise, 0 or more */
  next(value: number, timeMs: number, accesses: number): number;
}

export interface TrafficApproach {
  readonly name: string;
  /** Of the state of one series, 4 bytes a number. */
  readonly stateBytes: number;
  /**
   * Which series it judges: each category, and accesses, people and rows of the program (`hourly`), or how many people were reached
   * since midnight (`people_today`).
   */
  readonly series: 'hourly' | 'people_today';
  /**
   * What of a count it sees. `root`: 2 sqrt(count + 3/8), whose variance does not grow with the level (Anscombe 1948), for what knows
   * nothing of counts.
   */
  readonly value: 'count' | 'root';
  /** `of`: which series it is, see hourly-world.ts. */
  readonly start: (of: string) => TrafficJudge;
}

export function valueOf(approach: TrafficApproach, count: number): number {
  return approach.value === 'count' ? count : 2 * Math.sqrt(count + 3 / 8);
}
