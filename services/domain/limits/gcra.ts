/**
 * The generic cell rate algorithm (ITU-T I.371), virtual scheduling form, in integer microseconds (contracts.md section 2).
 * A key has two numbers: its theoretical arrival time TAT and the last `now` at which it was asked.
 */

/** TAT saturates here; everything below is an exact integer in a double. */
export const TAT_MAX_US = Number.MAX_SAFE_INTEGER;

/** Microseconds between calls at the sustained rate: floor((2 per + count) / (2 count)), exact. */
export function intervalUs(perUs: number, count: number): number {
  return Number((2n * BigInt(perUs) + BigInt(count)) / (2n * BigInt(count)));
}

/** How far a key may run ahead: interval * (burst - 1). Beyond 2^53 it is never reached, so a rounded product does no harm. */
export function toleranceUs(interval: number, burst: number): number {
  return interval * (burst - 1);
}

/** Microseconds by which the key is ahead of `nowUs`: the call is refused when that exceeds the tolerance. */
export function aheadUs(tatUs: number, nowUs: number): number {
  return tatUs > nowUs ? tatUs - nowUs : 0;
}

/** TAT after a charge of `cost` (calls, rows or bytes). */
export function chargedTatUs(tatUs: number, nowUs: number, interval: number, cost: number): number {
  const tat = Math.max(nowUs, tatUs) + interval * cost;
  return tat < TAT_MAX_US ? tat : TAT_MAX_US;
}

/** ceil((tat - tolerance - now) / 1000) of a refused call, without leaving the integers. */
export function retryAfterMs(ahead: number, tolerance: number): number {
  const us = ahead - tolerance;
  const rest = us % 1000;
  return (us - rest) / 1000 + (rest > 0 ? 1 : 0);
}
