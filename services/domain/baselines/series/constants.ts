/** The one configuration for every series, and what each number is for. docs/baselines-series.md shows what halving and doubling do. */
export interface SeriesConstants {
  /** Stretches of values that a view remembers having seen: enough for the levels of a machine, few enough that noise closes them. */
  readonly intervals: number;
  /** Largest surprises that a view remembers; the smallest of them is its unit, so that four outliers do not make a fifth ordinary. */
  readonly largest: number;
  /** Rows after which a range and a remembered surprise have shrunk to 1/e: a week of five-minute rows. */
  readonly memoryRows: number;
  /** Of the range: a distance of that size is halfway to certain where nothing else is known. */
  readonly rangeShare: number;
  /** What a value between two that were seen counts, against one beyond all. */
  readonly gapShare: number;
  /** By how much of its width one row can widen a range: an anomaly does not teach that it is ordinary. */
  readonly growthShare: number;
  /** Rows of history that halve what is said: a new extreme among n rows has a chance of 1/n. A day of five-minute rows. */
  readonly historyRows: number;
  /** Rows of the two means: half an hour and two hours of five-minute rows. */
  readonly shortRows: number;
  readonly longRows: number;
  /** Levels of a day, one for each slot. */
  readonly slots: number;
  /** Of a difference to its level a slot learns that much from each row: half of it in two or three days of five-minute rows. */
  readonly slotRate: number;
  /** What the step from one row to the next counts, against each other view: it sees most of what they see, and more of the noise. */
  readonly stepWeight: number;
  /** After a score is said, another must be so many times as high, and half of that after each... */
  readonly raise: number;
  /** ...of these milliseconds: an equal one is told twelve hours later. */
  readonly quietMs: number;
  /** A row never takes more than this part of `quietMs`, however far apart rows are. */
  readonly quietRowsMin: number;
}

export const SERIES_CONSTANTS: SeriesConstants = {
  intervals: 12,
  largest: 5,
  memoryRows: 2000,
  rangeShare: 0.05,
  gapShare: 1 / 3,
  growthShare: 0.25,
  historyRows: 288,
  shortRows: 6,
  longRows: 24,
  slots: 48,
  slotRate: 0.05,
  stepWeight: 0.25,
  raise: 2,
  quietMs: 12 * 3_600_000,
  quietRowsMin: 40,
};
