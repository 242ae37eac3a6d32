/**
 * Seeded randomness of the other world, and the distributions it is made of. A `Random` is a stream of its own: what one program
 * draws never shifts what another one draws.
 */

/** FNV-1a over UTF-16 units, to name streams. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return state;
}

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number, name: string) {
    this.#a = hash(`${name}/a`) ^ seed;
    this.#b = hash(`${seed}/${name}/b`);
    this.#c = hash(`${name}/${seed}/c`);
    for (let round = 0; round < 16; round++) this.uniform();
  }

  /** In [0, 1): sfc32. */
  uniform(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.uniform() * list.length)]!;
  }

  /** An index, by weight. */
  weighted(weights: readonly number[]): number {
    let left = this.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let index = 0; index < weights.length; index++) {
      left -= weights[index]!;
      if (left < 0) return index;
    }
    return weights.length - 1;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let index = copy.length - 1; index > 0; index--) {
      const other = this.integer(0, index);
      [copy[index], copy[other]] = [copy[other]!, copy[index]!];
    }
    return copy;
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** With mean 1. */
  logNormal(sigma: number): number {
    return Math.exp(sigma * this.normal() - (sigma * sigma) / 2);
  }

  /** Of scale 1 (Marsaglia and Tsang 2000). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const normal = this.normal();
      const v = (1 + c * normal) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < (normal * normal) / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  beta(mean: number, concentration: number): number {
    if (mean <= 0) return 0;
    const a = this.gamma(mean * concentration);
    const b = this.gamma((1 - mean) * concentration);
    return a + b === 0 ? mean : a / (a + b);
  }

  dirichlet(mean: readonly number[], concentration: number): number[] {
    const drawn = mean.map((share) => (share > 0 ? this.gamma(share * concentration) : 0));
    const sum = drawn.reduce((total, value) => total + value, 0);
    return sum === 0 ? [...mean] : drawn.map((value) => value / sum);
  }

  poisson(mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    let count = 0;
    for (let left = this.exponential(1); left < mean; left += this.exponential(1)) count++;
    return count;
  }
}
