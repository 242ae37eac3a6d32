/** From a file's bytes to records and rejects: exact-rules.md section 1, in the order in which it tests. */
import { JSON_DEPTH_MAX, RECORD_BYTES_MAX, RECORD_TYPES, STAR_SUBJECT_TYPES } from '../../schemas/codes.ts';
import type { RecordType, RejectReason } from '../../schemas/codes.ts';
import { isValidData } from './data-shapes.ts';
import { instantOf } from './instants.ts';
import { isObject, withoutNulls } from './shapes.ts';
import type { JsonObject } from './shapes.ts';

export interface LogRecord {
  readonly id: string;
  readonly source: string;
  readonly type: RecordType;
  readonly subject: string;
  readonly micros: bigint;
  /** Valid for its type, members that were null left out. */
  readonly data: JsonObject;
  /** As written: a policy's hash is taken over it. */
  readonly rawData: JsonObject;
  /** The whole of it as written: what a signature covers. */
  readonly event: JsonObject;
}
export type Reading = { readonly record: LogRecord } | { readonly reject: RejectReason };

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const BLANK = /^[ \t]*$/;

/** The records of one file: byte-order mark, line ends and blank lines are gone. */
export function linesOf(file: Buffer): Buffer[] {
  const bytes = file.subarray(0, 3).equals(BYTE_ORDER_MARK) ? file.subarray(3) : file;
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const lineFeed = bytes.indexOf(0x0a, start);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    const isCrLf = lineFeed > start && bytes[lineFeed - 1] === 0x0d;
    lines.push(bytes.subarray(start, isCrLf ? end - 1 : end));
    start = end + 1;
  }
  return lines.filter((line) => !BLANK.test(line.toString('latin1')));
}

/** RFC 8259 and no lone surrogate, no deeper than allowed; undefined otherwise. */
function parseStrictly(line: Buffer): { readonly value: unknown } | undefined {
  let text: string;
  let value: unknown;
  try {
    // Without ignoreBOM the decoder would swallow a byte-order mark.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // The text, not the value, is looked at: a repeated name hides what stood there first.
  let depth = 0;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs)) {
    if (token.startsWith('"')) {
      if (!(JSON.parse(token) as string).isWellFormed()) return undefined;
    } else {
      depth += token === '[' || token === '{' ? 1 : -1;
      if (depth > JSON_DEPTH_MAX) return undefined;
    }
  }
  return { value };
}

const own = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);
const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

export function readRecord(line: Buffer): Reading {
  if (line.length > RECORD_BYTES_MAX) return { reject: 'too_large' };
  const parsed = parseStrictly(line);
  if (parsed === undefined) return { reject: 'invalid_json' };
  if (!isObject(parsed.value)) return { reject: 'not_cloudevent' };
  const [id, source, type, subject] = ['id', 'source', 'type', 'subject'].map((name) => own(parsed.value as JsonObject, name));
  const micros = instantOf(own(parsed.value, 'time'));
  if (own(parsed.value, 'specversion') !== '1.0' || micros === undefined) return { reject: 'not_cloudevent' };
  if (!isFilled(id) || !isFilled(source) || !isFilled(type) || !isFilled(subject)) return { reject: 'not_cloudevent' };
  if (!(RECORD_TYPES as readonly string[]).includes(type)) return { reject: 'unknown_type' };
  if ((subject === '*') !== (STAR_SUBJECT_TYPES as readonly string[]).includes(type)) return { reject: 'not_cloudevent' };
  const rawData = own(parsed.value, 'data');
  const data = withoutNulls(rawData);
  if (!isObject(rawData) || !isObject(data) || !isValidData(type as RecordType, data)) return { reject: 'invalid_data' };
  return { record: { id, source, type: type as RecordType, subject, micros, data, rawData, event: parsed.value } };
}
