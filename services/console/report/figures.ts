/** Times and numbers as pages show them. */

/** An RFC 3339 time in UTC for a reader: whole seconds. */
export function moment(rfc3339: string): string {
  return `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;
}

/** @param ms milliseconds since 1970 */
export function instant(ms: number): string {
  return moment(new Date(ms).toISOString());
}

export { grouped as number } from '../../domain/wording/counted.ts';
