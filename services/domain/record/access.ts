/** `data` of `ntk.access` (contracts.md section 1.1). The hot path of parsing: equal to schemas/events/access.ts by property test. */
import { LINK_KINDS, OUTCOMES, type Outcome } from '../../../schemas/codes.ts';
import {
  INVALID,
  type Invalid,
  isObject,
  isUser,
  type JsonObject,
  optionalBoolean,
  optionalInteger,
  optionalOneOf,
  optionalString,
  optionalStrings,
} from './fields.ts';
import type { Access, Link } from './record.ts';

export function readAccess(data: JsonObject): Access | Invalid {
  const { user, api } = data;
  if (!isUser(user) || typeof api !== 'string' || api.length === 0) return INVALID;
  const category = optionalString(data['category'], null);
  const purpose = optionalString(data['purpose'], '');
  const page = optionalString(data['page'], '');
  const foreground = optionalBoolean(data['foreground'], true);
  const fields = optionalStrings(data['fields']);
  const rows = optionalInteger(data['rows'], 1);
  const bytes = optionalInteger(data['bytes'], 0);
  const outcome: Outcome | Invalid = optionalOneOf(data['outcome'], OUTCOMES, 'performed');
  const durationMs = optionalInteger(data['durationMs'], 0);
  const link = readLink(data['link']);
  if (
    category === INVALID ||
    category === '' ||
    purpose === INVALID ||
    page === INVALID ||
    foreground === INVALID ||
    fields === INVALID ||
    rows === INVALID ||
    bytes === INVALID ||
    outcome === INVALID ||
    durationMs === INVALID ||
    link === INVALID
  ) {
    return INVALID;
  }
  return { user, api, category: category ?? '', purpose, page, foreground, fields, rows, bytes, outcome, link, durationMs };
}

function readLink(value: unknown): Link | null | Invalid {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) return INVALID;
  const kind = optionalOneOf(value['kind'], LINK_KINDS, INVALID);
  const host = optionalString(value['host'], null);
  const reveals = optionalStrings(value['reveals']);
  if (kind === INVALID || host === INVALID || reveals === INVALID) return INVALID;
  return { kind, host, revealsFriends: reveals?.includes('friends') ?? false };
}
