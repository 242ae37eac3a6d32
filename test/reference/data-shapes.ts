/** What `data` must look like for each type of record (contracts.md section 1, exact-rules.md section 1). */
import { createHash } from 'node:crypto';
import { CONSENT_BASES, CONSENT_STATES, LINK_KINDS, OUTCOMES, STANDINGS } from '../../schemas/codes.ts';
import type { LinkKind, Outcome, RecordType, Standing } from '../../schemas/codes.ts';
import { instantOf } from './instants.ts';
import { policyProblems } from './policy-document.ts';
import { arrayOf, filledText, integer, oneOf, shape, text, truth } from './shapes.ts';
import type { Check, JsonObject } from './shapes.ts';

export interface AccessData {
  readonly user: string;
  readonly api: string;
  readonly category?: string;
  readonly purpose?: string;
  readonly page?: string;
  readonly foreground?: boolean;
  readonly fields?: readonly string[];
  readonly rows?: number;
  readonly bytes?: number;
  readonly outcome?: Outcome;
  readonly link?: { readonly kind: LinkKind; readonly host?: string; readonly reveals?: readonly string[] };
  readonly durationMs?: number;
}
export interface DeclaredCategory {
  readonly category: string;
  readonly fields?: readonly string[];
  readonly background?: boolean;
  readonly maxBytesPerCall?: number;
  readonly maxRowsPerCall?: number;
}
export interface DeclarationData {
  readonly version: number;
  readonly developer?: string;
  readonly class?: string;
  readonly purposes: readonly { readonly id: string; readonly categories: readonly DeclaredCategory[] }[];
  readonly linkHosts?: readonly string[];
}
export interface EntitlementData {
  readonly category: string;
  readonly granted: boolean;
  readonly until?: string;
}
export interface ConsentData {
  readonly user: string;
  readonly state: 'granted' | 'withdrawn';
  readonly categories: readonly string[];
  readonly declarationVersion?: number;
  readonly basis?: 'explicit' | 'default';
}
export interface StandingData {
  readonly state: Standing;
  readonly until?: string;
}

const time: Check = (value) => instantOf(value) !== undefined;
const count = integer(0);
const userId: Check = (value) => typeof value === 'string' && value !== '' && [...value].length <= 128;

const link = shape({ kind: oneOf(LINK_KINDS) }, { host: text, reveals: arrayOf(text) });
const declaredCategory = shape(
  { category: filledText },
  { fields: arrayOf(text), background: truth, maxBytesPerCall: count, maxRowsPerCall: count },
);
const purpose = shape({ id: filledText, categories: arrayOf(declaredCategory) }, { text });

/** 32 bytes in canonical base64. Whether the point is one of the few that anybody can sign for is not tried here. */
const isPoint: Check = (value) =>
  typeof value === 'string' &&
  value.length === 44 &&
  Buffer.from(value, 'base64').length === 32 &&
  Buffer.from(value, 'base64').toString('base64') === value;
const isFingerprint = ({ keyid, publicKey }: { readonly keyid: string; readonly publicKey: string }): boolean =>
  createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').startsWith(keyid) && keyid.length === 32;

const SHAPES: Readonly<Record<RecordType, Check>> = {
  'ntk.access': shape(
    { user: userId, api: filledText },
    {
      category: filledText,
      purpose: text,
      page: text,
      foreground: truth,
      fields: arrayOf(text),
      rows: count,
      bytes: count,
      outcome: oneOf(OUTCOMES),
      link,
      durationMs: count,
    },
  ),
  'ntk.declaration': shape(
    { version: integer(1, 2 ** 32 - 1), purposes: arrayOf(purpose) },
    { developer: text, name: text, class: text, detected: arrayOf(text), linkHosts: arrayOf(text) },
  ),
  'ntk.entitlement': shape({ category: filledText, granted: truth }, { until: time }),
  'ntk.consent': shape(
    { user: userId, state: oneOf(CONSENT_STATES), categories: arrayOf(filledText) },
    { declarationVersion: integer(1), basis: oneOf(CONSENT_BASES) },
  ),
  'ntk.standing': shape({ state: oneOf(STANDINGS) }, { by: text, reason: text, until: time }),
  'ntk.policy': (value) => policyProblems(value).length === 0,
  'ntk.review': shape(
    {},
    { episode: text, disposition: oneOf(['true_positive', 'false_positive', 'expected']), by: text, note: text },
  ),
  'ntk.erasure': shape({ user: userId }, {}),
  'ntk.prior': shape({}, {}),
  'ntk.heartbeat': shape({}, { partition: count }),
  'ntk.key': (value) =>
    shape(
      { keyid: text, publicKey: isPoint, state: oneOf(['active', 'revoked']) },
      { types: arrayOf(text), by: text, reason: text },
    )(value) && isFingerprint(value as { keyid: string; publicKey: string }),
};

export const isValidData = (type: RecordType, data: JsonObject): boolean => SHAPES[type](data);
