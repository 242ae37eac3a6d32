/** The grammar and range of times (exact-rules.md section 1). What they mean in microseconds is the domain's business. */

/** RFC 3339 `date-time` with `T` or `t` and an offset up to 23:59. Whether the day exists is not in the pattern. */
export const RFC3339 =
  /^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$/;

const MS_PER_MINUTE = 60_000;
/** 2255-01-01T00:00:00Z, the first moment out of range: 2^53 microseconds end in 2255. */
const END_MS = 8_993_721_600_000;
/** An offset moves a time by less than a day, so an earlier year cannot reach 1970. `Date.UTC` has its own idea of years below 100. */
const YEAR_MIN = 1969;

/** Whether a text is a moment that a record may carry. */
export function isInstant(text: string): boolean {
  const match = RFC3339.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < YEAR_MIN || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return false;
  const offsetMinutes = match[7] === undefined ? 0 : (match[7] === '-' ? -1 : 1) * (Number(match[8]) * 60 + Number(match[9]));
  // Fractions of a second move nothing across either bound: both bounds are whole seconds.
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes * MS_PER_MINUTE;
  return ms >= 0 && ms < END_MS;
}
