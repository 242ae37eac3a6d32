/**
 * Bytes of the log to a record or a reject, in the order of exact-rules.md section 1: too large, JSON, attributes, type,
 * subject against type, data. (`wrong_partition` and `unauthorised` follow in the fold, which knows where it is.)
 */
import {
  BROADCAST_TYPES,
  RECORD_BYTES_MAX,
  RECORD_TYPES,
  type RecordType,
  type RejectReason,
  STAR_SUBJECT_TYPES,
} from '../../../schemas/codes.ts';
import { compilePolicy } from '../policy/compiled.ts';
import { parsePolicyDocument } from '../policy/document.ts';
import { readAccess } from './access.ts';
import { readConsent, readDeclaration, readEntitlement, readKey, readReview, readStanding } from './facts.ts';
import { INVALID, type Invalid, isObject, isUser, type JsonObject, optionalInteger } from './fields.ts';
import { type Encoding, INVALID_JSON, parseJson } from './json.ts';
import { readPrior } from './prior.ts';
import type { Access, Attributes, ParsedRecord, Reject } from './record.ts';
import { scanAccess } from './scan-access.ts';
import { INVALID_TIME, parseTimeUs } from './time.ts';

const KNOWN_TYPES: ReadonlySet<unknown> = new Set<RecordType>(RECORD_TYPES);
const STAR_TYPES: ReadonlySet<unknown> = new Set<RecordType>(STAR_SUBJECT_TYPES);
const BROADCASTS: ReadonlySet<unknown> = new Set<RecordType>(BROADCAST_TYPES);

/** Parses and validates `bytes[start, end)`. */
export function parseRecord(bytes: Buffer, start: number, end: number, encoding: Encoding): ParsedRecord | Reject {
  const access = end - start > RECORD_BYTES_MAX ? null : scanAccess(bytes, start, end);
  return access ?? parseGenerally(bytes, start, end, encoding);
}

/** Says the same as {@link parseRecord}, of every record there can be, and remembers nothing of other records. */
export function parseGenerally(bytes: Buffer, start: number, end: number, encoding: Encoding): ParsedRecord | Reject {
  if (end - start > RECORD_BYTES_MAX) return reject('too_large');
  const event = parseJson(bytes, start, end, encoding);
  if (event === INVALID_JSON) return reject('invalid_json');
  if (!isObject(event)) return reject('not_cloudevent');
  const { id, source, type, subject, time } = event;
  const broadcast = subject === '*' && BROADCASTS.has(type);
  if (
    event['specversion'] !== '1.0' ||
    !isText(id) ||
    !isText(source) ||
    !isText(type) ||
    !isText(subject) ||
    typeof time !== 'string'
  ) {
    return reject('not_cloudevent', broadcast);
  }
  const timeUs = parseTimeUs(time);
  if (timeUs === INVALID_TIME) return reject('not_cloudevent', broadcast);
  if (!KNOWN_TYPES.has(type)) return reject('unknown_type');
  if ((subject === '*') !== STAR_TYPES.has(type)) return reject('not_cloudevent', broadcast);
  const data = event['data'];
  if (!isObject(data)) return reject('invalid_data', broadcast);
  return readData(type as RecordType, { id, source, subject, timeUs }, data) ?? reject('invalid_data', broadcast);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function reject(reason: RejectReason, broadcast = false): Reject {
  return { type: 'reject', reason, broadcast };
}

/** Null when `data` is not what its type asks for. */
function readData(type: RecordType, attributes: Attributes, data: JsonObject): ParsedRecord | null {
  switch (type) {
    case 'ntk.access':
      return accessRecord(attributes, readAccess(data));
    case 'ntk.declaration':
      return record(type, attributes, readDeclaration(data));
    case 'ntk.entitlement':
      return record(type, attributes, readEntitlement(data));
    case 'ntk.consent':
      return record(type, attributes, readConsent(data));
    case 'ntk.standing':
      return record(type, attributes, readStanding(data));
    case 'ntk.policy': {
      const parsed = parsePolicyDocument(data);
      return parsed.ok ? { type, attributes, data: compilePolicy(parsed.policy, parsed.hash, parsed.document) } : null;
    }
    case 'ntk.erasure':
      return isUser(data['user']) ? { type, attributes, data: { user: data['user'] } } : null;
    case 'ntk.heartbeat':
      return record(type, attributes, readHeartbeat(data));
    case 'ntk.review':
      return record(type, attributes, readReview(data));
    case 'ntk.key':
      return record(type, attributes, readKey(data));
    case 'ntk.prior':
      return { type, attributes, data: readPrior(data) };
  }
}

function readHeartbeat(data: JsonObject): { readonly partition: number | null } | Invalid {
  const partition = optionalInteger(data['partition'], null);
  return partition === INVALID ? INVALID : { partition };
}

function accessRecord(attributes: Attributes, data: Access | Invalid): ParsedRecord | null {
  return data === INVALID ? null : { type: 'ntk.access', attributes, data, texts: null };
}

function record<T extends ParsedRecord['type']>(
  type: T,
  attributes: Attributes,
  data: Extract<ParsedRecord, { type: T }>['data'] | Invalid,
): ParsedRecord | null {
  return data === INVALID ? null : ({ type, attributes, data } as ParsedRecord);
}
