/**
 * Who says that a record is from and what it says that it is, before anybody judges whether it is right: for a door that lets some
 * sources and types through. Read by the parser of the fold from the same bytes, so what the fold accepts is what was looked at: of a
 * name that stands twice the last one counts for both.
 */
import { RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import { isObject } from './fields.ts';
import { encodingOf, INVALID_JSON, parseJson } from './json.ts';

/** Null for what is no string: such a record is a reject, now and in every later release. */
export interface Claims {
  readonly source: string | null;
  readonly type: string | null;
}

/** What cannot become a record whatever it holds: too large, no JSON, no object. */
const NO_CLAIMS: Claims = { source: null, type: null };

/** Of a whole record. What is a reject for other reasons claims something all the same: a later release may be able to read it. */
export function claimsOf(record: Buffer): Claims {
  if (record.length > RECORD_BYTES_MAX) return NO_CLAIMS;
  const event = parseJson(record, 0, record.length, encodingOf(record));
  if (event === INVALID_JSON || !isObject(event)) return NO_CLAIMS;
  const { source, type } = event;
  return { source: typeof source === 'string' ? source : null, type: typeof type === 'string' ? type : null };
}
