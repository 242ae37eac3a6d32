/** One row of a series as text, and what can be wrong with it. */

export interface SeriesRow {
  /** As it was written; it has no comma, no quote and no line end. */
  readonly stamp: string;
  readonly text: string;
  /** Milliseconds since 1970; without an offset a time is UTC. */
  readonly timeMs: number;
  readonly value: number;
}

/** What a person is told: which line, which field, and what to do. */
export interface SeriesProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export function isSeriesProblem(row: SeriesRow | SeriesProblem): row is SeriesProblem {
  return 'message' in row;
}

/** `2026-03-02 14:05:00`, with `T`, without seconds, with a fraction, `Z` or an offset; or a date alone. */
const WRITTEN =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?<fraction>\.\d{1,9})?)?)?(?:Z|(?<sign>[+-])(?<offHours>\d\d):?(?<offMinutes>\d\d))?$/;
/** Seconds since 1970 with ten digits, milliseconds with thirteen: September 2001 to 2286. */
const COUNTED = /^(?:\d{10}(?:\.\d{1,9})?|\d{13})$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const MINUTE_MS = 60_000;

/** Milliseconds since 1970, or null for what is no time: the 30th of February is none. */
export function timeOf(text: string): number | null {
  if (COUNTED.test(text)) return text.length === 13 && !text.includes('.') ? Number(text) : Number(text) * 1000;
  const found = WRITTEN.exec(text)?.groups;
  if (found === undefined) return null;
  const {
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '0',
    sign,
    offHours = '0',
    offMinutes = '0',
  } = found;
  const [m, d, h, min, s] = [Number(month), Number(day), Number(hour), Number(minute), Number(second)];
  if (h > 23 || min > 59 || s > 59 || Number(offHours) > 23 || Number(offMinutes) > 59) return null;
  const utcMs = Date.UTC(Number(year), m - 1, d, h, min, s);
  const back = new Date(utcMs);
  // The year too: Date.UTC takes 0 to 99 for 1900 to 1999.
  if (back.getUTCFullYear() !== Number(year) || back.getUTCMonth() !== m - 1 || back.getUTCDate() !== d) return null;
  const offsetMs = (Number(offHours) * 60 + Number(offMinutes)) * MINUTE_MS * (sign === '-' ? -1 : 1);
  return utcMs + Math.floor(Number(fraction) * 1000) - offsetMs;
}

/** A decimal number, or null; `NaN`, `inf`, hexadecimal and what no double holds are none. */
export function valueOf(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
