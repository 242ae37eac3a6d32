/** Numbers with more digits than a 32-bit float holds, as two of them. */

/** So that the larger half and all that is computed with it stays finite. Values beyond are taken for it. */
const MAGNITUDE_MAX = 1e37;
/** 2^20 ms, 17 minutes: both halves of a time are integers below 2^24 for 500 thousand years. */
const TIME_UNIT = 1_048_576;

export function bounded(value: number): number {
  return Math.min(Math.max(value, -MAGNITUDE_MAX), MAGNITUDE_MAX);
}

/** Exact to 48 bits. */
export function writeNumber(state: Float32Array, at: number, value: number): void {
  const high = Math.fround(value);
  state[at] = high;
  state[at + 1] = value - high;
}

export function readNumber(state: Float32Array, at: number): number {
  return state[at]! + state[at + 1]!;
}

export function writeTime(state: Float32Array, at: number, timeMs: number): void {
  const whole = Math.floor(timeMs / TIME_UNIT);
  state[at] = whole;
  state[at + 1] = timeMs - whole * TIME_UNIT;
}

export function readTime(state: Float32Array, at: number): number {
  return state[at]! * TIME_UNIT + state[at + 1]!;
}
