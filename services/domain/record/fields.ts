/**
 * Readers of optional and required fields in `data`. `null` is the same as absence. Each answers the sentinel
 * {@link INVALID} for a value of the wrong type or range, so that a wrong optional field is `invalid_data` all the same.
 */
import { hasPointsAtMost, NAME_POINTS_MAX, USER_POINTS_MAX } from '../../../schemas/fields.ts';
import { INVALID_TIME, parseTimeUs } from './time.ts';

export const INVALID = Symbol('invalid');
export type Invalid = typeof INVALID;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string, or `absent` when there is none. */
export function optionalString<T>(value: unknown, absent: T): string | T | Invalid {
  if (value === undefined || value === null) return absent;
  return typeof value === 'string' ? value : INVALID;
}

export function optionalBoolean(value: unknown, absent: boolean): boolean | Invalid {
  if (value === undefined || value === null) return absent;
  return typeof value === 'boolean' ? value : INVALID;
}

/** An integer from `min` to 2^53 - 1 (or `max`); `-0` is 0. */
export function optionalInteger<T>(value: unknown, absent: T, min = 0, max = Number.MAX_SAFE_INTEGER): number | T | Invalid {
  if (value === undefined || value === null) return absent;
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value + 0 : INVALID;
}

export function optionalStrings(value: unknown): readonly string[] | null | Invalid {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return INVALID;
  for (const member of value) if (typeof member !== 'string') return INVALID;
  return value as string[];
}

/** Microseconds since 1970; `Infinity` when absent. */
export function optionalTimeUs(value: unknown): number | Invalid {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'string') return INVALID;
  const us = parseTimeUs(value);
  return us === INVALID_TIME ? INVALID : us;
}

/** One of a closed list, or `absent`. */
export function optionalOneOf<T extends string, A>(value: unknown, allowed: readonly T[], absent: A): T | A | Invalid {
  if (value === undefined || value === null) return absent;
  return allowed.includes(value as T) ? (value as T) : INVALID;
}

/** 1 to 128 Unicode code points. */
export function isUser(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && hasPointsAtMost(value, USER_POINTS_MAX);
}

/** A name of at most 1,024 Unicode code points, or `absent` when there is none. */
export function optionalName<T>(value: unknown, absent: T): string | T | Invalid {
  const text = optionalString(value, absent);
  return typeof text !== 'string' || hasPointsAtMost(text, NAME_POINTS_MAX) ? text : INVALID;
}
