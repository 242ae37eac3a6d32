/** `data` of the facts (contracts.md sections 1.2 to 1.7). Equal to the zod schemas of schemas/events/ by property test. */
import { AUTHORITY_TYPES, CONSENT_BASES, CONSENT_STATES, DISPOSITIONS, KEY_STATES, STANDINGS } from '../../../schemas/codes.ts';
import { isPublicKey, keyidOf } from '../../../schemas/public-key.ts';
import type { Declaration, DeclarationEntry, DeclaredPurpose } from '../program/declaration.ts';
import {
  INVALID,
  type Invalid,
  isObject,
  isUser,
  type JsonObject,
  optionalBoolean,
  optionalInteger,
  optionalName,
  optionalOneOf,
  optionalString,
  optionalStrings,
  optionalTimeUs,
} from './fields.ts';
import type { ConsentFact, EntitlementFact, KeyFact, ReviewFact, StandingFact } from './record.ts';

const VERSION_MAX = 2 ** 32 - 1;

export function readDeclaration(data: JsonObject): Declaration | Invalid {
  const version = optionalInteger(data['version'], INVALID, 1, VERSION_MAX);
  const developer = optionalName(data['developer'], '');
  const name = optionalString(data['name'], '');
  const className = optionalName(data['class'], null);
  const detected = optionalStrings(data['detected']);
  const linkHosts = optionalStrings(data['linkHosts']);
  const purposes = readAll(data['purposes'], readPurpose);
  if (
    version === INVALID ||
    developer === INVALID ||
    name === INVALID ||
    className === INVALID ||
    detected === INVALID ||
    linkHosts === INVALID ||
    purposes === INVALID
  ) {
    return INVALID;
  }
  const hosts = (linkHosts ?? []).filter((host) => host !== '').map((host) => host.toLowerCase());
  return { version, developer, className, purposes, linkHosts: hosts };
}

function readPurpose(value: JsonObject): DeclaredPurpose | Invalid {
  const { id } = value;
  if (typeof id !== 'string' || id === '' || optionalString(value['text'], '') === INVALID) return INVALID;
  const entries = readAll(value['categories'], readEntry);
  return entries === INVALID ? INVALID : { id, entries };
}

function readEntry(value: JsonObject): DeclarationEntry | Invalid {
  const { category } = value;
  if (typeof category !== 'string' || category === '') return INVALID;
  const fields = optionalStrings(value['fields']);
  const background = optionalBoolean(value['background'], false);
  const maxBytesPerCall = optionalInteger(value['maxBytesPerCall'], Number.POSITIVE_INFINITY);
  const maxRowsPerCall = optionalInteger(value['maxRowsPerCall'], Number.POSITIVE_INFINITY);
  if (fields === INVALID || background === INVALID || maxBytesPerCall === INVALID || maxRowsPerCall === INVALID) return INVALID;
  return { category, fields, background, maxBytesPerCall, maxRowsPerCall };
}

/** Reads a required array of objects. */
function readAll<T>(value: unknown, read: (member: JsonObject) => T | Invalid): readonly T[] | Invalid {
  if (!Array.isArray(value)) return INVALID;
  const members: T[] = [];
  for (const member of value) {
    const result = isObject(member) ? read(member) : INVALID;
    if (result === INVALID) return INVALID;
    members.push(result);
  }
  return members;
}

export function readEntitlement(data: JsonObject): EntitlementFact | Invalid {
  const { category, granted } = data;
  const untilUs = optionalTimeUs(data['until']);
  if (typeof category !== 'string' || category === '' || typeof granted !== 'boolean' || untilUs === INVALID) return INVALID;
  return { category, granted, untilUs };
}

export function readConsent(data: JsonObject): ConsentFact | Invalid {
  const { user } = data;
  const state = optionalOneOf(data['state'], CONSENT_STATES, INVALID);
  const basis = optionalOneOf(data['basis'], CONSENT_BASES, 'explicit');
  const categories = optionalStrings(data['categories']);
  const declarationVersion = optionalInteger(data['declarationVersion'], null, 1);
  if (
    !isUser(user) ||
    state === INVALID ||
    basis === INVALID ||
    categories === INVALID ||
    categories === null ||
    declarationVersion === INVALID
  ) {
    return INVALID;
  }
  return { user, granted: state === 'granted', byDefault: basis === 'default', categories, declarationVersion };
}

export function readStanding(data: JsonObject): StandingFact | Invalid {
  const state = optionalOneOf(data['state'], STANDINGS, INVALID);
  const by = optionalString(data['by'], '');
  const reason = optionalString(data['reason'], '');
  const untilUs = optionalTimeUs(data['until']);
  if (state === INVALID || by === INVALID || reason === INVALID || untilUs === INVALID) return INVALID;
  return { state, untilUs };
}

const AUTHORITY: ReadonlySet<string> = new Set<string>(AUTHORITY_TYPES);

/** Types that are no facts of authority are left out: no key can sign for them. */
export function readKey(data: JsonObject): KeyFact | Invalid {
  const { keyid, publicKey } = data;
  const state = optionalOneOf(data['state'], KEY_STATES, INVALID);
  const types = optionalStrings(data['types']);
  const by = optionalString(data['by'], '');
  const reason = optionalString(data['reason'], '');
  if (typeof publicKey !== 'string' || !isPublicKey(publicKey) || keyid !== keyidOf(publicKey)) return INVALID;
  if (state === INVALID || types === INVALID || by === INVALID || reason === INVALID) return INVALID;
  const known = types === null ? null : [...new Set(types)].filter((type) => AUTHORITY.has(type));
  return { keyid: keyidOf(publicKey), publicKey, isActive: state === 'active', types: known, by, reason };
}

export function readReview(data: JsonObject): ReviewFact | Invalid {
  const episode = optionalString(data['episode'], '');
  const disposition = optionalOneOf(data['disposition'], DISPOSITIONS, null);
  const by = optionalString(data['by'], '');
  const note = optionalString(data['note'], '');
  if (episode === INVALID || disposition === INVALID || by === INVALID || note === INVALID) return INVALID;
  return { episode, disposition, by, note };
}
