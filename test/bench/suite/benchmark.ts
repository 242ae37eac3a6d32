/**
 * What a benchmark is: what it measures and what that does not show, the figures and ratios it answers, and a round of measuring. The
 * suite repeats rounds, takes medians, and prints and compares them.
 */
import type { Stage } from './stage.ts';

/** `tiny` only shows that it works, `small` takes a minute or two, `full` is what figures are said of. */
export const SIZES = ['tiny', 'small', 'full'] as const;
export type Size = (typeof SIZES)[number];

/** What is aimed at: the first is what has to be reached, later ones are what is wished for. */
export type Targets = readonly [number, ...number[]];

export interface Figure {
  readonly name: string;
  /** Completes a line of the table: `records a second of a bare consumer`. */
  readonly what: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** @default none: the figure is a floor, or only says something about the others */
  readonly targets?: Targets;
}

/** Of two figures of the same round, so that what the machine did meanwhile is in both. More is better. */
export interface Ratio {
  readonly name: string;
  readonly what: string;
  readonly of: string;
  readonly to: string;
  readonly targets?: Targets;
}

/** What one round measured. */
export interface Round {
  /** By name of a figure. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of results, by what they are of; one name has one hash in all rounds of a run. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What a reader has to know of this round, for instance that a rate could not be offered. @default none */
  readonly remarks?: readonly string[];
}

export interface Rounds {
  /** `isReversed`: the product before its floor, every second time, so that what slows one down slows the other down as often. */
  round(isReversed: boolean): Promise<Round>;
  /** Ends what goes on between rounds. @default nothing does */
  end?(): Promise<void>;
}

export interface Benchmark {
  /** As `--only` names it. */
  readonly name: string;
  readonly title: string;
  readonly measures: string;
  readonly doesNotShow: string;
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  /** Makes what all rounds need. @throws CannotMeasure where this machine lacks something */
  prepare(stage: Stage): Promise<Rounds>;
}

/** Something that has to be there is not: the other benchmarks go on. */
export class CannotMeasure extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'CannotMeasure';
  }
}
