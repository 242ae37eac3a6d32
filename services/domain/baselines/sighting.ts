/** One access as the baselines see it, and what they find about it. One object of each serves a whole partition. */
import { FEATURE_COUNT, FIRST } from './features.ts';
import type { Fleet } from './state/fleet-priors.ts';

export interface Sighting {
  /** Slot of the program, and number of its class. */
  program: number;
  classNumber: number;
  /** What priors tell of its developer's programs in all partitions; null: nothing. */
  fleets: readonly Fleet[] | null;
  /** Index in CATEGORIES. */
  category: number;
  /** Event time, seconds since 1970. */
  seconds: number;
  isForeground: boolean;
  rows: number;
  bytes: number;
  /** The program's declaration has listed the category for less than a week, not counting its first declaration. */
  isNewlyListed: boolean;
  /** The same, its first declaration included. */
  isFreshlyListed: boolean;
  /** A declaration after the program's first has listed the category, for a week to four weeks. */
  isLatelyListed: boolean;
}

export type FirstCounted = 'uses' | 'background' | 'visits';

/** Where a surprise comes from. */
export interface Measured {
  /** The window: its scale, and 1 where the block before the filling one is part of it. */
  scale: number;
  blocks: number;
  /** Successes of trials, expected share, variance inflation; for a ratio: uses, none, expected uses, none. */
  x: number;
  n: number;
  p: number;
  inflation: number;
  /** Of first days, what is counted: uses of the category among all, of those the ones in the background, or users among calls. */
  counted: FirstCounted;
}

export class Surprises {
  /** Nats by feature, before any calibration. */
  readonly nats = new Float64Array(FEATURE_COUNT);
  readonly measured: Measured[] = Array.from({ length: FEATURE_COUNT }, () => ({
    scale: 0,
    blocks: 0,
    x: 0,
    n: 0,
    p: 0,
    inflation: 1,
    counted: 'uses',
  }));

  /** By feature: smaller ones have no effect, so nobody needs to work them out. */
  readonly #floors = new Float64Array(FEATURE_COUNT);
  /** Whether there is any since {@link clear}. */
  isAny = false;

  clear(): void {
    if (this.isAny) this.nats.fill(0);
    this.isAny = false;
  }

  /** What a surprise of a feature has to exceed from now on to have an effect. */
  setFloor(feature: number, nats: number): void {
    this.#floors[feature] = nats;
  }

  floor(feature: number): number {
    return this.#floors[feature]!;
  }

  /** Takes back a surprise that turned out to have no effect. */
  drop(feature: number): void {
    if (this.nats[feature] === 0) return;
    this.nats[feature] = 0;
    this.isAny = this.nats.some((nats) => nats > 0);
  }

  /** What another surprise of a feature has to exceed to count: the largest so far and the floor. */
  least(feature: number): number {
    return Math.max(this.#floors[feature]!, this.nats[feature]!);
  }

  /** Keeps the largest surprise of a feature, with where it comes from. */
  take(feature: number, nats: number, scale: number, blocks: number, x: number, n: number, p: number, inflation: number): void {
    if (nats <= this.nats[feature]!) return;
    this.nats[feature] = nats;
    this.isAny = true;
    const to = this.measured[feature]!;
    to.scale = scale;
    to.blocks = blocks;
    to.x = x;
    to.n = n;
    to.p = p;
    to.inflation = inflation;
    to.counted = 'uses';
  }

  /** Adds to a surprise of first days; what is told is the part that says more than all before it. */
  addFirst(nats: number, scale: number, counted: FirstCounted, x: number, n: number, p: number, inflation: number): void {
    const before = this.nats[FIRST]!;
    if (nats > before) {
      this.take(FIRST, nats, scale, 0, x, n, p, inflation);
      this.measured[FIRST]!.counted = counted;
    }
    this.nats[FIRST] = before + nats;
    this.isAny = true;
  }
}
