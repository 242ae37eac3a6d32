/**
 * p-values of a platform: the rank of a program-hour's largest surprise among all program-hours before it (conformal, as far as programs
 * and hours may change places), whatever a surprise is measured in. A rank among n is never below 1/n, which no stream of tests that
 * spends less and less can reach; so beyond the thousandth part the tail is Pareto's, fitted by the mean excess of logarithms (Hill
 * 1975), as in Siffer et al. 2017.
 */
import type { WorldSurprises } from './alarms.ts';
import { type Judged, SURPRISE_REASONS, type Surprises, WARM_UP_HOURS } from './surprises.ts';

/** ln(1 + surprise) is counted in bins of this width: 16 kB for the whole platform. */
const BIN = 0.005;
const BINS = 4_000;
const TAIL_SHARE = 0.001;
/** Of the tail, before anything is said from it. */
const TAIL_MIN = 20;

/** Of ln(1 + surprise), by those so far. */
class PlatformTail {
  readonly #counts = new Float64Array(BINS);
  readonly #atLeast = new Float64Array(BINS + 1);
  #total = 0;
  #tailFrom = BINS;
  #meanExcess = 0;

  add(surprise: number): void {
    this.#counts[binOf(surprise)]! += 1;
    this.#total += 1;
  }

  /** Once an hour, when all of it were added. */
  refit(): void {
    this.#tailFrom = BINS;
    let excess = 0;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      this.#atLeast[bin] = this.#atLeast[bin + 1]! + this.#counts[bin]!;
      if (this.#tailFrom < BINS || this.#atLeast[bin]! < Math.max(TAIL_MIN, TAIL_SHARE * this.#total)) continue;
      this.#tailFrom = bin;
      for (let above = bin; above < BINS; above++) excess += this.#counts[above]! * (above - bin + 0.5) * BIN;
      this.#meanExcess = excess / this.#atLeast[bin]!;
    }
  }

  /** -ln p, 0 or more. The row itself is one of those that it is compared with: that is what makes a rank a p-value. */
  surprise(surprise: number): number {
    const bin = binOf(surprise);
    const rank = Math.log(this.#total + 1) - Math.log(1 + this.#atLeast[bin]!);
    if (bin <= this.#tailFrom) return rank;
    const fromTail = (Math.log1p(surprise) - this.#tailFrom * BIN) / this.#meanExcess;
    return Math.log(this.#total + 1) - Math.log(1 + this.#atLeast[this.#tailFrom]!) + fromTail;
  }
}

function binOf(surprise: number): number {
  return Math.min(BINS - 1, Math.floor(Math.log1p(surprise) / BIN));
}

/** -ln p of each program and hour in place of its largest surprise, under the reason that had it. */
export function ranked({ world, plain }: Pick<Judged, 'world' | 'plain'>): WorldSurprises {
  const ranks: Surprises = new Map(
    SURPRISE_REASONS.map((reason) => [reason, world.programs.map(() => new Float32Array(world.hours))]),
  );
  const tail = new PlatformTail();
  for (let hour = 0; hour < world.hours; hour++) {
    tail.refit();
    for (const [index, { firstHour }] of world.programs.entries()) {
      if (hour < firstHour + WARM_UP_HOURS) continue;
      const { most, reason } = largestOf(plain, index, hour);
      if (most > 0) ranks.get(reason)![index]![hour] = tail.surprise(most);
      tail.add(most);
    }
  }
  return { world, surprises: ranks };
}

/** What a program-hour is judged by where it is one test. */
export function largestOf(
  surprises: Surprises,
  program: number,
  hour: number,
): { most: number; reason: (typeof SURPRISE_REASONS)[number] } {
  let [most, reason] = [0, SURPRISE_REASONS[0]!];
  for (const [name, programs] of surprises) {
    if (programs[program]![hour]! > most) [most, reason] = [programs[program]![hour]!, name];
  }
  return { most, reason };
}
