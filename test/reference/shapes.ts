/** Small words in which the shapes of records and policies are said. */

export type JsonObject = { readonly [name: string]: unknown };
export type Check = (value: unknown) => boolean;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null is the same as absence, everywhere; a null in an array is a member like another and stays. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}

export const text: Check = (value) => typeof value === 'string';
export const filledText: Check = (value) => typeof value === 'string' && value !== '';
export const truth: Check = (value) => typeof value === 'boolean';
export const oneOf =
  (members: readonly string[]): Check =>
  (value) =>
    members.includes(value as string);
export const arrayOf =
  (member: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((each) => member(each));
export const integer =
  (min: number, max: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
/** An object of which members of other names do not matter. */
export const shape =
  (required: Record<string, Check>, optional: Record<string, Check>): Check =>
  (value) => {
    if (!isObject(value)) return false;
    const missing = Object.keys(required).filter((name) => !Object.hasOwn(value, name));
    const wrong = Object.entries({ ...required, ...optional }).filter(
      ([name, check]) => Object.hasOwn(value, name) && !check(value[name]),
    );
    return missing.length === 0 && wrong.length === 0;
  };
/** An object of which a member of another name is an error. */
export const closedShape =
  (required: Record<string, Check>, optional: Record<string, Check>): Check =>
  (value) =>
    shape(required, optional)(value) &&
    Object.keys(value as JsonObject).every((name) => Object.hasOwn(required, name) || Object.hasOwn(optional, name));
