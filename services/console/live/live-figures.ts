/**
 * What happened in the last minute, from what the scorer tells after each commit: a ring of seconds, so that it costs the same at any
 * rate and nothing has to be asked of anybody.
 */
import { ACTIONS } from '../../../schemas/codes.ts';
import type { BatchOutcome } from '../../domain/fold/batch-outcome.ts';
import type { Clock } from '../../platform/clock.ts';

/** Seconds that are shown. */
export const SECONDS = 60;
/** The rate is a mean over these many whole seconds: batches and their commits come in beats. */
const RATE_SECONDS = 5;

/** Upper bounds of latencies, milliseconds, each about a third above the one before; the last bucket holds all above. */
const LATENCY_MS: readonly number[] = [...new Set(Array.from({ length: 56 }, (_, i) => Math.ceil(1.33 ** i)))];

interface Second {
  /** Which one, since the clock's beginning; what is older is empty. */
  number: number;
  readonly verdicts: Float64Array;
  wouldHave: number;
  readonly latencies: Float64Array;
}

interface LiveSnapshot {
  readonly accessesPerSecond: number;
  /** One number for each of the last seconds that are over, oldest first: accesses, and those of them intercepted. */
  readonly accesses: readonly number[];
  readonly intercepted: readonly number[];
  /** Of the last minute. */
  readonly verdicts: Readonly<Record<(typeof ACTIONS)[number], number>>;
  readonly wouldHaveBeenIntercepted: number;
  /** From a record in the log to its verdict, in the last minute; null when no live record came. */
  readonly verdictMs: { readonly median: number; readonly p99: number } | null;
}

const INTERCEPT = ACTIONS.indexOf('intercept');

export class LiveFigures {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #seconds: readonly Second[];
  readonly #firstSecond: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#firstSecond = this.#now();
    // One more than are shown: that under way.
    this.#seconds = Array.from({ length: SECONDS + 1 }, () => ({
      number: -1,
      verdicts: new Float64Array(ACTIONS.length),
      wouldHave: 0,
      latencies: new Float64Array(LATENCY_MS.length + 1),
    }));
  }

  /** After the commit of a batch. */
  scored({ tally, liveArrivals, scoredAtMs }: Scored): void {
    const second = this.#current();
    const { verdicts } = tally;
    for (let i = 0; i < verdicts.length; i++) second.verdicts[i % ACTIONS.length]! += verdicts[i]!;
    second.wouldHave += tally.wouldHave;
    for (const [arrivedMs, records] of liveArrivals) second.latencies[bucketOf(scoredAtMs - arrivedMs)]! += records;
  }

  snapshot(): LiveSnapshot {
    const now = this.#now();
    const shown = Array.from({ length: SECONDS }, (_, i) => this.#at(now - SECONDS + i));
    const accesses = shown.map((second) => (second === null ? 0 : sum(second.verdicts)));
    const seen = Math.min(RATE_SECONDS, Math.max(1, now - this.#firstSecond));
    const totals = ACTIONS.map((_, verdict) => sum(shown.map((second) => second?.verdicts[verdict] ?? 0)));
    const latencies = new Float64Array(LATENCY_MS.length + 1);
    for (const second of shown) for (let i = 0; i < latencies.length; i++) latencies[i]! += second?.latencies[i] ?? 0;
    return {
      accessesPerSecond: sum(accesses.slice(-seen)) / seen,
      accesses,
      intercepted: shown.map((second) => second?.verdicts[INTERCEPT] ?? 0),
      verdicts: Object.fromEntries(ACTIONS.map((verdict, i) => [verdict, totals[i]!])) as LiveSnapshot['verdicts'],
      wouldHaveBeenIntercepted: sum(shown.map((second) => second?.wouldHave ?? 0)),
      verdictMs: sum(latencies) === 0 ? null : { median: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    };
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / 1000);
  }

  #at(number: number): Second | null {
    const second = this.#seconds[((number % this.#seconds.length) + this.#seconds.length) % this.#seconds.length]!;
    return second.number === number ? second : null;
  }

  #current(): Second {
    const number = this.#now();
    const second = this.#seconds[number % this.#seconds.length]!;
    if (second.number !== number) {
      second.number = number;
      second.verdicts.fill(0);
      second.wouldHave = 0;
      second.latencies.fill(0);
    }
    return second;
  }
}

/** What is looked at of a batch. */
export type Scored = Pick<BatchOutcome, 'liveArrivals' | 'scoredAtMs'> & {
  readonly tally: Pick<BatchOutcome['tally'], 'verdicts' | 'wouldHave'>;
};

function bucketOf(ms: number): number {
  const bucket = LATENCY_MS.findIndex((boundMs) => ms <= boundMs);
  return bucket === -1 ? LATENCY_MS.length : bucket;
}

/** Upper bound of the bucket in which the quantile lies, milliseconds. */
function quantile(counts: Float64Array, q: number): number {
  let left = sum(counts) * q;
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i]!;
    if (left <= 0) return LATENCY_MS[Math.min(i, LATENCY_MS.length - 1)]!;
  }
  return LATENCY_MS.at(-1)!;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
