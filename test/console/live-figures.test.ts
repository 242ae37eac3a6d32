/** What the last minute is told from: batches as the scorer tells them, at times of the test's own. */
import { describe, expect, test } from 'vitest';
import { ACTIONS, CATEGORIES } from '../../schemas/codes.ts';
import { LiveFigures, type Scored, SECONDS } from '../../services/console/live/live-figures.ts';

class Second {
  ms = 1_000_000;
  monotonicMs(): number {
    return this.ms;
  }
}

interface Batch {
  readonly allow?: number;
  readonly intercept?: number;
  readonly wouldHave?: number;
  /** Latencies of live records, milliseconds. */
  readonly latencies?: readonly number[];
}

function batch({ allow = 0, intercept = 0, wouldHave = 0, latencies = [] }: Batch): Scored {
  const verdicts = new Float64Array(CATEGORIES.length * ACTIONS.length);
  verdicts[0] = allow;
  // Of another category: they are added up.
  verdicts[ACTIONS.length + ACTIONS.indexOf('intercept')] = intercept;
  const scoredAtMs = 5_000_000;
  const liveArrivals = new Map<number, number>();
  for (const ms of latencies) liveArrivals.set(scoredAtMs - ms, (liveArrivals.get(scoredAtMs - ms) ?? 0) + 1);
  return { scoredAtMs, liveArrivals, tally: { verdicts, wouldHave } };
}

describe('the figures of the last minute', () => {
  test('are zero where nothing happened', () => {
    const clock = new Second();
    const { accesses, intercepted, ...rest } = new LiveFigures(clock).snapshot();
    expect([accesses, intercepted]).toEqual([Array(SECONDS).fill(0), Array(SECONDS).fill(0)]);
    expect(rest).toEqual({
      accessesPerSecond: 0,
      verdicts: { allow: 0, flag: 0, throttle: 0, intercept: 0 },
      wouldHaveBeenIntercepted: 0,
      verdictMs: null,
    });
  });

  test('count each second that is over, and forget it a minute later', () => {
    const clock = new Second();
    const figures = new LiveFigures(clock);
    figures.scored(batch({ allow: 7, intercept: 3, wouldHave: 2 }));
    // Not while it lasts: a second that has just begun would look like a slow one.
    expect(figures.snapshot().accesses.at(-1)).toBe(0);
    clock.ms += 1_000;
    expect(figures.snapshot().accesses.at(-1)).toBe(10);
    expect(figures.snapshot().intercepted.at(-1)).toBe(3);
    clock.ms += (SECONDS - 1) * 1_000;
    expect(figures.snapshot()).toMatchObject({
      verdicts: { allow: 7, flag: 0, throttle: 0, intercept: 3 },
      wouldHaveBeenIntercepted: 2,
    });
    expect(figures.snapshot().accesses[0]).toBe(10);
    clock.ms += 1_000;
    expect(figures.snapshot().verdicts.allow).toBe(0);
  });

  test('keep nothing of a second whose place in the ring comes again', () => {
    const clock = new Second();
    const figures = new LiveFigures(clock);
    figures.scored(batch({ allow: 5, wouldHave: 1, latencies: [10] }));
    clock.ms += (SECONDS + 1) * 1_000;
    figures.scored(batch({ allow: 2 }));
    clock.ms += 1_000;
    expect(figures.snapshot()).toMatchObject({ verdicts: { allow: 2 }, wouldHaveBeenIntercepted: 0, verdictMs: null });
  });

  test('a rate is a mean over some seconds, of those there were', () => {
    const clock = new Second();
    const figures = new LiveFigures(clock);
    for (const allow of [10, 20]) {
      figures.scored(batch({ allow }));
      clock.ms += 1_000;
    }
    expect(figures.snapshot().accessesPerSecond).toBe(15);
    for (let i = 0; i < 5; i++) {
      figures.scored(batch({ allow: 100 }));
      clock.ms += 1_000;
    }
    expect(figures.snapshot().accessesPerSecond).toBe(100);
  });

  test('say how long half of the verdicts took, and nearly all, within a third', () => {
    const clock = new Second();
    const figures = new LiveFigures(clock);
    figures.scored(batch({ latencies: [...Array(98).fill(40), 2_000, 2_000] }));
    clock.ms += 1_000;
    const { median, p99 } = figures.snapshot().verdictMs!;
    expect(median).toBeGreaterThanOrEqual(40);
    expect(median).toBeLessThanOrEqual(40 * 1.34);
    expect(p99).toBeGreaterThanOrEqual(2_000);
    expect(p99).toBeLessThanOrEqual(2_000 * 1.34);
  });

  test('a clock of the host that runs ahead makes no latency below the smallest', () => {
    const clock = new Second();
    const figures = new LiveFigures(clock);
    figures.scored(batch({ latencies: [-500, Number.MAX_SAFE_INTEGER] }));
    clock.ms += 1_000;
    expect(figures.snapshot().verdictMs!.median).toBe(1);
    expect(Number.isFinite(figures.snapshot().verdictMs!.p99)).toBe(true);
  });
});
