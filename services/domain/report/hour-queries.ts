/**
 * SQL of the hourly series of one program. Parameters: those of {@link IN_RANGE}, `program`, and `category`, empty for all.
 * An hour is counted in hours since 1970.
 */
import { IN_RANGE } from './queries.ts';

/** What can be counted by the hour. Sums in floats: those of whole numbers begin anew at 2^64. */
const SQL_OF = {
  accesses: 'toFloat64(count())',
  rows: 'sum(toFloat64(rows))',
  bytes: 'sum(toFloat64(bytes))',
  users: 'toFloat64(uniqExact(user))',
} as const;

export type HourMeasure = keyof typeof SQL_OF;
export const HOUR_MEASURES = Object.keys(SQL_OF) as readonly HourMeasure[];

const HOUR_MS = 3_600_000;
const HOUR = `intDiv(toUnixTimestamp64Milli(event_time), ${HOUR_MS})`;
const OF_PROGRAM = `${IN_RANGE} AND program = {program:String}`;
const OF_CATEGORY = `({category:String} = '' OR category = {category:String})`;

export interface HourSpanRow {
  readonly accesses: string;
  readonly first_hour: string;
  readonly last_hour: string;
}

/** Accesses to the category, and from when to when the program has any. */
export const HOUR_SPAN_SQL = `
SELECT countIf(${OF_CATEGORY}) AS accesses, min(${HOUR}) AS first_hour, max(${HOUR}) AS last_hour
FROM ntk.access_results FINAL WHERE ${OF_PROGRAM}`;

export interface HourRow {
  readonly category: string;
  /** 1: of all categories together. */
  readonly is_total: number;
  readonly hour: string;
  readonly value: number;
}

/** Hours with an access, of each category and of all of them. Further parameter: `firstHour`. */
export const hoursSql = (measure: HourMeasure): string => `
SELECT category, toUInt8(grouping(category)) AS is_total, ${HOUR} AS hour, ${SQL_OF[measure]} AS value
FROM ntk.access_results FINAL WHERE ${OF_PROGRAM} AND ${OF_CATEGORY} AND ${HOUR} >= {firstHour:Int64}
GROUP BY GROUPING SETS ((category, hour), (hour))`;
