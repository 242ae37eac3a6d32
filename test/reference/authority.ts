/**
 * Whose facts of authority count, slowly, from docs/authority.md alone. Files that `ntk run` reads: history, so that nothing is too
 * old; what is superseded or ahead of its arrival is refused all the same.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { CATEGORIES } from '../../schemas/codes.ts';
import type { LogRecord } from './records.ts';
import { isObject } from './shapes.ts';
import type { JsonObject } from './shapes.ts';

export interface SignedJudging {
  /** Public keys, base64. */
  readonly roots: readonly string[];
  readonly logId: string;
  readonly appendedMicros: bigint;
  /** Of the policy that is put in front. */
  readonly policyMicros: bigint;
}

const SIGNED = ['ntk.policy', 'ntk.standing', 'ntk.entitlement', 'ntk.erasure', 'ntk.prior', 'ntk.key'];
const AHEAD_MICROS = 5n * 60n * 1_000_000n;
const DAY_MICROS = 86_400_000_000n;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** RFC 8785; undefined when a number is not finite. */
function canonical(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (Array.isArray(value)) return inBrackets(value.map(canonical), '[', ']');
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return inBrackets(
    names.map((name) => {
      const member = canonical(value[name]);
      return member === undefined ? undefined : `${JSON.stringify(name)}:${member}`;
    }),
    '{',
    '}',
  );
}

function inBrackets(members: readonly (string | undefined)[], open: string, close: string): string | undefined {
  return members.includes(undefined) ? undefined : open + members.join(',') + close;
}

const fingerprint = (publicKey: string): string =>
  createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 32);

function verifies(event: JsonObject, sig: string, publicKey: string): boolean {
  const text = canonical(Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'sig')));
  const bytes = Buffer.from(sig, 'base64');
  if (text === undefined || bytes.length !== 64 || bytes.toString('base64') !== sig) return false;
  const der = Buffer.concat([SPKI, Buffer.from(publicKey, 'base64')]);
  return verify(null, Buffer.from(text), createPublicKey({ key: der, format: 'der', type: 'spki' }), bytes);
}

interface KeyData {
  readonly keyid: string;
  readonly publicKey: string;
  readonly state: string;
  readonly types?: readonly string[];
}

/** What one partition knows. */
export class Authority {
  private readonly judging: SignedJudging;
  private readonly keys = new Map<string, KeyData>();
  /** Newest time by what a fact is about. */
  private readonly newest = new Map<string, bigint>();

  constructor(judging: SignedJudging) {
    this.judging = judging;
    this.newest.set('ntk.policy', judging.policyMicros);
  }

  /** Before duplicates. */
  isSigned({ type, event }: LogRecord): boolean {
    if (!SIGNED.includes(type)) return true;
    const { keyid, sig, logid } = event;
    if (typeof keyid !== 'string' || typeof sig !== 'string') return false;
    if (logid !== undefined && logid !== null && logid !== this.judging.logId) return false;
    const publicKey = this.keyFor(type, keyid);
    return publicKey !== undefined && verifies(event, sig, publicKey);
  }

  private keyFor(type: string, keyid: string): string | undefined {
    const key = this.keys.get(keyid);
    if (key?.state === 'revoked') return undefined;
    const root = this.judging.roots.find((each) => fingerprint(each) === keyid);
    if (root !== undefined || key === undefined || type === 'ntk.key') return root;
    return key.types === undefined || key.types.includes(type) ? key.publicKey : undefined;
  }

  /** After duplicates; what is in time is remembered. */
  isInTime(record: LogRecord): boolean {
    const { type, micros } = record;
    if (!SIGNED.includes(type)) return true;
    if (micros > this.judging.appendedMicros + AHEAD_MICROS) return false;
    const about = aboutWhat(record);
    const newest = about === undefined ? undefined : this.newest.get(about);
    const oldest =
      newest === undefined
        ? undefined
        : type === 'ntk.erasure'
          ? newest - DAY_MICROS
          : type === 'ntk.prior'
            ? newest
            : newest + 1n;
    if (oldest !== undefined && micros < oldest) return false;
    if (about !== undefined && (newest === undefined || micros > newest)) this.newest.set(about, micros);
    if (type === 'ntk.key') this.keys.set(record.data['keyid'] as string, record.data as unknown as KeyData);
    return true;
  }
}

/** Undefined for an entitlement of a category that nobody knows. */
function aboutWhat({ type, subject, data }: LogRecord): string | undefined {
  if (type === 'ntk.key') return JSON.stringify([type, data['keyid']]);
  if (type === 'ntk.standing') return JSON.stringify([type, subject]);
  if (type !== 'ntk.entitlement') return type;
  return (CATEGORIES as readonly string[]).includes(data['category'] as string)
    ? JSON.stringify([type, subject, data['category']])
    : undefined;
}
