import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aheadUs,
  chargedTatUs,
  intervalUs,
  retryAfterMs,
  TAT_MAX_US,
  toleranceUs,
} from '../../../services/domain/limits/gcra.ts';

const MAX = 2n ** 53n - 1n;

/** The same algorithm in unbounded integers, straight from contracts.md. */
function exact(
  interval: bigint,
  burst: bigint,
  cost: bigint,
  tat: bigint,
  now: bigint,
): { refused: boolean; tat: bigint; retryMs: bigint } {
  const tolerance = interval * (burst - 1n);
  const start = tat > now ? tat : now;
  const refused = start - now > tolerance;
  const charged = start + interval * cost;
  const over = start - tolerance - now;
  return { refused, tat: refused ? tat : charged < MAX ? charged : MAX, retryMs: refused ? (over + 999n) / 1000n : 0n };
}

const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const timeUs = fc.integer({ min: 0, max: 8_993_721_600_000_000 });

describe('a rate limit', () => {
  it('rounds its interval to the nearest microsecond, halves up', () => {
    expect(intervalUs(1_000, 16)).toBe(63);
    expect(intervalUs(60_000_000, 600)).toBe(100_000);
    expect(intervalUs(3, 2)).toBe(2);
    expect(intervalUs(1, 3)).toBe(0);
  });

  it('decides and charges as integers without bounds do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8_640_000_000_000 }),
        count,
        fc.oneof(fc.integer({ min: 1, max: 1_000 }), count),
        fc.oneof(fc.integer({ min: 0, max: 100 }), count),
        timeUs,
        timeUs,
        (perUs, n, burst, cost, tat, now) => {
          const interval = intervalUs(perUs, n);
          fc.pre(interval > 0);
          const tolerance = toleranceUs(interval, burst);
          const ahead = aheadUs(tat, now);
          const expected = exact(BigInt(interval), BigInt(burst), BigInt(cost), BigInt(tat), BigInt(now));
          expect(ahead > tolerance).toBe(expected.refused);
          if (expected.refused) expect(BigInt(retryAfterMs(ahead, tolerance))).toBe(expected.retryMs);
          else expect(BigInt(chargedTatUs(tat, now, interval, cost))).toBe(expected.tat);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('lets a burst pass, then one call an interval', () => {
    const interval = intervalUs(60_000_000, 60);
    const tolerance = toleranceUs(interval, 3);
    let tat = 0;
    const asked = [0, 0, 0, 0, 999_999, 1_000_000, 1_000_000].map((now) => {
      const refused = aheadUs(tat, now) > tolerance;
      if (!refused) tat = chargedTatUs(tat, now, interval, 1);
      return refused;
    });
    expect(asked).toEqual([false, false, false, true, true, false, true]);
  });

  it('stays at the largest exact integer when a cost would push it further', () => {
    expect(chargedTatUs(0, 8_993_721_600_000_000, 1_000_000, Number.MAX_SAFE_INTEGER)).toBe(TAT_MAX_US);
  });
});
