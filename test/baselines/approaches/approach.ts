/** What is compared: one way to be surprised each, all with the same question, the same rows, and the same last step (emission.ts). */

export interface Approach {
  /** Judges a row by those before it, then learns it. @returns surprise in any unit, 0 or more */
  next(value: number, timeMs: number): number;
}

export interface ApproachKind {
  readonly name: string;
  /** Of the state of one series, as it would lie in a table of many: 4 bytes a number. */
  readonly stateBytes: number;
  readonly start: () => Approach;
}
