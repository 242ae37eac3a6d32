/** RFC 3339 times as the log keeps them: integer microseconds since 1970 (exact-rules.md section 1, "time"). */

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
/** Before 2255-01-01T00:00:00Z; the first moment is 0. */
const END_MICROS = BigInt(Date.UTC(2255, 0, 1)) * 1000n;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** Microseconds since 1970, or undefined for whatever is no time of the log. Digits after the sixth are cut off. */
export function instantOf(text: unknown): bigint | undefined {
  const match = typeof text === 'string' ? DATE_TIME.exec(text) : null;
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // No offset brings an earlier year into range; and Date.UTC reads years below 100 as 19xx.
  if (year < 1969 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  // Second 60 runs over into the next minute by itself.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = (match[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  const fraction = BigInt((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const micros = BigInt(Date.UTC(year, month - 1, day, hour, minute, second) - offsetMs) * 1000n + fraction;
  return micros >= 0n && micros < END_MICROS ? micros : undefined;
}

/** ISO time in UTC, cut (not rounded) to milliseconds. */
export const toIsoMs = (micros: bigint): string => new Date(Number(micros / 1000n)).toISOString();
