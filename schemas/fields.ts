/** Field types that the formats share (exact-rules.md section 1). All judge a value that was already parsed as JSON. */
import { z } from 'zod';
import { isInstant, RFC3339 } from './instant.ts';

/** A field that may be absent; `null` is the same as absence. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
}

/** A field that may be absent and then has a value all the same; `null` is the same as absence. */
export function optionalOr<T extends z.ZodType>(schema: T, absent: NonNullable<z.output<T>>) {
  return schema
    .nullish()
    .meta({ default: absent })
    .transform((value) => value ?? structuredClone(absent));
}

/** A string with at least one character. */
export const filledText = z.string().min(1);

/** An integer from 0 to 2^53 - 1. `1.0` and `1e0` are the integer 1. */
export const count = z.int().min(0);

/** Unicode code points a user id may have. */
export const USER_POINTS_MAX = 128;

/** Code points of a name that stands in each row of its program: a megabyte of it in a declaration would be one in every row. */
export const NAME_POINTS_MAX = 1024;

/** JSON Schema counts code points by itself; JavaScript counts UTF-16 units. */
export function hasPointsAtMost(text: string, max: number): boolean {
  // A code point has one unit or two: no need to count those of a text that is shorter, or longer than that.
  return text.length <= max || (text.length <= 2 * max && [...text].length <= max);
}

/** A pseudonymous user id. */
export const user = z
  .string()
  .refine((id) => id !== '' && hasPointsAtMost(id, USER_POINTS_MAX), { error: `must have 1 to ${USER_POINTS_MAX} code points` })
  .meta({ minLength: 1, maxLength: USER_POINTS_MAX, description: 'Pseudonymous user id, 1 to 128 Unicode code points.' });

/** May be empty. */
export const name = z
  .string()
  .refine((text) => hasPointsAtMost(text, NAME_POINTS_MAX), { error: `must have at most ${NAME_POINTS_MAX} code points` })
  .meta({ maxLength: NAME_POINTS_MAX });

/** RFC 3339 `date-time` from 1970 to before 2255. */
export const instant = z
  .string()
  .regex(RFC3339, { error: 'must be an RFC 3339 time with its offset, e.g. 2026-03-01T09:30:00Z', abort: true })
  .refine(isInstant, { error: 'must be a moment from 1970-01-01T00:00:00Z to before 2255-01-01T00:00:00Z' })
  .meta({
    description:
      'RFC 3339 date-time with an offset, from 1970-01-01T00:00:00Z to before 2255-01-01T00:00:00Z. The day must exist; ' +
      'second 60 is the first moment of the next minute; digits beyond microseconds are cut off.',
  });
