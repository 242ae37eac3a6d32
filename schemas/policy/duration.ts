/** Durations as a policy writes them: a positive integer and a unit, no space. */

export const PER = /^[1-9][0-9]*(?:ms|s|m|h|d)$/;

const PARTS = /^([0-9]+)([a-z]+)$/;
const UNIT_US: ReadonlyMap<string, bigint> = new Map([
  ['ms', 1_000n],
  ['s', 1_000_000n],
  ['m', 60_000_000n],
  ['h', 3_600_000_000n],
  ['d', 86_400_000_000n],
]);
/** No duration in range has more digits; a million of them would take long to convert. */
const DIGITS_MAX = 20;

/** Microseconds, exact; undefined for what {@link PER} does not allow. A longer number than any in range is taken as 10^20 units. */
export function durationUs(per: string): bigint | undefined {
  if (!PER.test(per)) return undefined;
  const [, digits, unit] = PARTS.exec(per)!;
  const amount = digits!.length > DIGITS_MAX ? 10n ** BigInt(DIGITS_MAX) : BigInt(digits!);
  return amount * UNIT_US.get(unit!)!;
}
