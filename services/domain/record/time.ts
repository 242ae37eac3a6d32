/**
 * RFC 3339 `date-time` to integer microseconds since 1970 (exact-rules.md section 1). `Date.parse` is too lenient and has only
 * milliseconds. The range ends in 2255, because 2^53 microseconds do.
 */
const US_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
/** 2255-01-01T00:00:00Z, the first moment that is out of range. */
export const TIME_END_US = 8_993_721_600_000_000;

export const INVALID_TIME = -1;

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits at `at`, or NaN. */
function two(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : Number.NaN;
}

/** Microseconds since 1970, or {@link INVALID_TIME}. Digits beyond microseconds are cut off; second 60 is the next minute's second 0. */
export function parseTimeUs(text: string): number {
  if (text.length < 20) return INVALID_TIME;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  const separator = text.charCodeAt(10) | 0x20;
  const shaped =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    separator === 0x74 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a;
  if (!shaped || !(year >= 0)) return INVALID_TIME;
  if (!(month >= 1 && month <= 12) || !(day >= 1 && day <= daysInMonth(year, month))) return INVALID_TIME;
  if (!(hour <= 23) || !(minute <= 59) || !(second <= 60)) return INVALID_TIME;

  let at = 19;
  let fractionUs = 0;
  if (text.charCodeAt(at) === 0x2e) {
    let scale = US_PER_SECOND / 10;
    const first = ++at;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      if (scale >= 1) fractionUs += digit * scale;
      scale /= 10;
    }
    if (at === first) return INVALID_TIME;
  }
  const offsetSeconds = parseOffset(text, at);
  if (Number.isNaN(offsetSeconds)) return INVALID_TIME;
  const seconds = daysSince1970(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offsetSeconds;
  // Second 60 needs no case of its own: it is the next minute's second 0.
  const us = seconds * US_PER_SECOND + fractionUs;
  return us >= 0 && us < TIME_END_US ? us : INVALID_TIME;
}

/** Seconds east of UTC of the offset that begins at `at` and ends the text, or NaN. */
function parseOffset(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if ((sign | 0x20) === 0x7a) return at + 1 === text.length ? 0 : Number.NaN;
  if ((sign !== 0x2b && sign !== 0x2d) || at + 6 !== text.length || text.charCodeAt(at + 3) !== 0x3a) return Number.NaN;
  const hours = two(text, at + 1);
  const minutes = two(text, at + 4);
  if (!(hours <= 23) || !(minutes <= 59)) return Number.NaN;
  return (sign === 0x2b ? 1 : -1) * (hours * 3600 + minutes * 60);
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : DAYS_IN_MONTH[month - 1]!;
}

function daysSince1970(year: number, month: number, day: number): number {
  const y = year - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) - 477;
  const leapToday = month > 2 && isLeapYear(year) ? 1 : 0;
  return (year - 1970) * 365 + leapDays + DAYS_BEFORE_MONTH[month - 1]! + leapToday + day - 1;
}
