/** What a request of @clickhouse/client asks for: https://clickhouse.com/docs/interfaces/http, as far as the client uses it. */
import type { QueryParams } from '../warehouse/warehouse.ts';

export interface ClickHouseRequest {
  readonly sql: string;
  /** Of the FORMAT clause, else of `default_format`, else TabSeparated, as a server has it. */
  readonly format: string;
  readonly params: QueryParams;
  readonly readonly: boolean;
  /** `output_format_json_quote_64bit_integers`. */
  readonly quotes64Bit: boolean;
  /** By its first word: whether it gives a result. */
  readonly reads: boolean;
}

const FORMAT_CLAUSE = /\sFORMAT\s+([A-Za-z]\w*)[\s;]*$/i;
/** After comments, white space and brackets, each of which ends in one place only: whatever comes behind them is found in one go. */
const READING = /^(?:\s|\(|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:select|with|from|show|describe|desc|exists|explain)\b/i;

/** @param text the statement, from the URL or the body */
export function readRequest(search: URLSearchParams, text: string): ClickHouseRequest {
  const reads = READING.test(text);
  const clause = reads ? FORMAT_CLAUSE.exec(text) : null;
  const sql = (clause === null ? text : text.slice(0, clause.index)).trim();
  return {
    sql,
    format: clause?.[1] ?? search.get('default_format') ?? 'TabSeparated',
    params: readParams(search, sql),
    readonly: Number(search.get('readonly') ?? '0') > 0,
    quotes64Bit: ['1', 'true'].includes(search.get('output_format_json_quote_64bit_integers') ?? ''),
    reads,
  };
}

/**
 * `param_NAME=VALUE`, where a value is written like a field of TabSeparated, an Array like a literal. What an Array is follows from
 * the statement: `{NAME:Array(...)}`.
 */
function readParams(search: URLSearchParams, sql: string): QueryParams {
  const params: Record<string, string | readonly (string | number)[]> = {};
  for (const [key, value] of search) {
    const [, name] = /^param_(\w+)$/.exec(key) ?? [];
    if (name === undefined) continue;
    const isArray = new RegExp(`\\{\\s*${name}\\s*:\\s*Array\\(`).test(sql);
    params[name] = isArray ? readArray(value) : unescapeField(value);
  }
  return params;
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' };

/** `\\`, `\'`, `\t`, ...: an unknown escape is its letter. */
function unescapeField(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const ELEMENT = /\s*(?:'((?:[^'\\]|\\.)*)'|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?))\s*(,|$)/isy;

/** `['a','b']` or `[1,2]`. @throws BadRequest */
function readArray(text: string): (string | number)[] {
  const inside = /^\[(.*)\]$/s.exec(text.trim())?.[1];
  if (inside === undefined) throw new BadRequest('a parameter of type Array is written like [1,2]');
  const values: (string | number)[] = [];
  if (inside.trim() === '') return values;
  for (ELEMENT.lastIndex = 0; ; ) {
    const match = ELEMENT.exec(inside);
    if (match === null) throw new BadRequest("an Array's elements are numbers or quoted strings");
    const [, quoted, digits, end] = match;
    values.push(quoted === undefined ? Number(digits) : unescapeField(quoted));
    if (end === '') return values;
  }
}

/** Something the caller wrote wrongly. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRequest';
  }
}
