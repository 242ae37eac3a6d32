/** `--from` and `--to` of a command. */
import { INVALID_TIME, parseTimeUs, TIME_END_US } from '../domain/record/time.ts';
import { UserError } from '../system/user-error.ts';
import { brief } from './output/terminal.ts';

export interface RangeFlags {
  readonly from?: string;
  readonly to?: string;
}

/** In microseconds since 1970, without `toUs` itself. */
interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

/** @throws UserError for what is no time, and for a range that ends before it begins */
export function rangeOf({ from, to }: RangeFlags): TimeRange {
  const fromUs = parseBound('--from', from, 0);
  const toUs = parseBound('--to', to, TIME_END_US);
  if (fromUs < toUs) return { fromUs, toUs };
  throw new UserError(`--from '${brief(from ?? '1970-01-01', 40)}' is not before --to '${brief(to ?? '', 40)}'`);
}

/**
 * A time in RFC 3339, or a date, which means its first moment in UTC. Microseconds since 1970.
 * @throws UserError for what is neither
 */
export function parseBound(name: string, text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  // The end of all times is no time of an access, but a good upper bound.
  if (text === '2255-01-01' || text === '2255-01-01T00:00:00Z') return TIME_END_US;
  const us = parseTimeUs(isDate ? `${text}T00:00:00Z` : text);
  if (us === INVALID_TIME) {
    if (/^\d{4}-/.test(text) && !isYearOfAccesses(Number(text.slice(0, 4))))
      throw new UserError(`${name} '${brief(text, 40)}' is outside of 1970 to 2254, where all accesses are: name a time within`);
    throw new UserError(
      `${name} '${brief(text, 40)}' is no time: write a date such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z`,
    );
  }
  return us;
}

function isYearOfAccesses(year: number): boolean {
  return year >= 1970 && Date.UTC(year) * 1_000 < TIME_END_US;
}
