/**
 * Randomness from a seed and a place in the simulation: the same numbers on every machine. A stream begins at any place (seed, and
 * up to two numbers such as program and slice) without having been anywhere before, so nothing that one program does changes
 * what another one does.
 */
import { exp, ln } from './exact-math.ts';

const UNIT = 2 ** -32;
/** Poisson numbers with a larger mean are sums: e^-mean stays far from underflow, and the walk short. */
const POISSON_MEAN_MAX = 16;

/** A bijection of 32-bit integers that spreads neighbours (MurmurHash3's finalizer). */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits that follow from three numbers. */
export function hash(a: number, b: number, c = 0): number {
  return mix(mix(mix(a ^ 0x9e3779b9) + Math.imul(b, 0x85ebca77)) ^ Math.imul(c, 0xc2b2ae3d));
}

/** 0 up to, not including, 1, that follows from three numbers. */
export function share(a: number, b: number, c = 0): number {
  return hash(a, b, c) * UNIT;
}

/** The generator is sfc32 of PractRand (Chris Doty-Humphrey): 128 bits of state, three additions and shifts a number. */
export class Chance {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(seed: number, x = 0, y = 0) {
    this.at(seed, x, y);
  }

  /** Goes to the beginning of another stream. */
  at(seed: number, x = 0, y = 0): this {
    this.#a = mix(seed ^ 0x5bd1e995);
    this.#b = mix(x + 0x27d4eb2f) ^ this.#a;
    this.#c = mix(y + 0x165667b1) ^ Math.imul(this.#b, 0x9e3779b1);
    this.#counter = 1;
    for (let round = 0; round < 12; round++) this.#bits();
    return this;
  }

  #bits(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** 0 up to, not including, 1. */
  next(): number {
    return this.#bits() * UNIT;
  }

  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** An integer, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** A number from `low` up to, not including, `high`. */
  within(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** As {@link within}, where each doubling is as likely as the next. Both ends positive. */
  withinFactors(low: number, high: number): number {
    return low * exp(this.next() * ln(high / low));
  }

  isBelow(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Member>(members: readonly Member[]): Member {
    return members[this.below(members.length)]!;
  }

  exponential(mean: number): number {
    return -mean * ln(1 - this.next());
  }

  /** Approximately normal: the sum of twelve even numbers, so never beyond 6 standard deviations. */
  normal(): number {
    let sum = -6;
    for (let n = 0; n < 12; n++) sum += this.next();
    return sum;
  }

  /** 1, 2, ... with the given mean (at least 1). */
  geometric(mean: number): number {
    return mean <= 1 ? 1 : 1 + Math.floor(ln(1 - this.next()) / ln(1 - 1 / mean));
  }

  poisson(mean: number): number {
    let rest = mean;
    let count = 0;
    for (; rest > POISSON_MEAN_MAX; rest -= POISSON_MEAN_MAX) count += this.#poissonOf(POISSON_MEAN_MAX);
    return count + this.#poissonOf(rest);
  }

  /** By inversion from the upper end. Most programs do nothing in most slices: for those it takes one number and no exponential. */
  #poissonOf(mean: number): number {
    let above = this.next();
    if (above >= mean) return 0;
    let probability = exp(-mean);
    above = 1 - above;
    let count = 0;
    while (above > probability && probability > 0) {
      above -= probability;
      count++;
      probability *= mean / count;
    }
    return count;
  }

  /** The index of a weight, each as likely as its weight. */
  weighted(weights: readonly number[]): number {
    let sum = 0;
    for (const weight of weights) sum += weight;
    let left = this.next() * sum;
    for (let index = 0; index < weights.length; index++) {
      left -= weights[index]!;
      if (left < 0) return index;
    }
    return weights.length - 1;
  }

  /** A new array with the members in random order. */
  shuffled<Member>(members: readonly Member[]): Member[] {
    const result = [...members];
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.below(index + 1);
      [result[index], result[other]] = [result[other]!, result[index]!];
    }
    return result;
  }
}
