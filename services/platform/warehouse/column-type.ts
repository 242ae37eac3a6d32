/** ClickHouse type names as far as our own tables use them: `Array(LowCardinality(String))`, `Enum8('allow' = 0)`, ... */

const SIMPLE = ['UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float32', 'Bool', 'String', 'UUID'] as const;
const OF_TYPES = { LowCardinality: 1, Nullable: 1, Array: 1, Map: 2 } as const;
type Name = (typeof SIMPLE)[number] | keyof typeof OF_TYPES | 'FixedString' | 'DateTime64' | 'Enum8';

export interface TypeName {
  readonly name: Name;
  /** Of LowCardinality, Nullable and Array one, of Map two, otherwise none. */
  readonly types: readonly TypeName[];
  /** Bytes of a FixedString. */
  readonly size: number;
  /** Of an Enum8. */
  readonly labels: ReadonlyMap<string, number>;
}

/** A name, what stands between its brackets, and nothing else. */
const TYPE = /^([A-Za-z0-9]+)(?:\((.*)\))?$/s;
const LABEL = /^'((?:[^'\\]|\\.)*)' = (-?\d+)$/s;

/**
 * A type name as ClickHouse itself prints it.
 * @throws Error for a type that has no codec here
 */
export function parseType(text: string): TypeName {
  const [, name = '', inside] = TYPE.exec(text) ?? [];
  const type = { types: [], size: 0, labels: new Map<string, number>() };
  if (inside === undefined) {
    const simple = SIMPLE.find((each) => each === name);
    if (simple !== undefined) return { ...type, name: simple };
  } else if (name === 'FixedString' && /^[1-9]\d*$/.test(inside)) {
    return { ...type, name, size: Number(inside) };
  } else if (name === 'DateTime64' && /^3(?:, '[^']*')?$/.test(inside)) {
    return { ...type, name };
  } else if (name === 'Enum8') {
    return { ...type, name, labels: new Map(splitArguments(inside).map(parseLabel)) };
  } else if (name === 'LowCardinality' || name === 'Nullable' || name === 'Array' || name === 'Map') {
    const types = splitArguments(inside).map(parseType);
    if (types.length === OF_TYPES[name]) return { ...type, name, types };
  }
  throw new Error(`no codec for the ClickHouse type ${text}`);
}

function parseLabel(text: string): [string, number] {
  const [, label, code] = LABEL.exec(text) ?? [];
  if (label === undefined) throw new Error(`not a label of an Enum8: ${text}`);
  return [label.replaceAll(/\\(.)/gs, '$1'), Number(code)];
}

/** At commas outside of brackets and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === "'") at = endOfQuoted(text, at);
    else if (unit === '(') depth++;
    else if (unit === ')') depth--;
    else if (unit === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)].map((part) => part.trim());
}

/** The place of the closing quote, or the end. */
function endOfQuoted(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== "'") at += text[at] === '\\' ? 2 : 1;
  return at;
}
