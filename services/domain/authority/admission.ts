/**
 * Which facts of authority count in a log that asks for signatures (docs/authority.md). Two questions, because a repeat that the
 * window of duplicates still knows is harmless and is told as one, not as an attack:
 * 1. {@link Admission.signatureProblem}, before duplicates: is it signed by a key in force for its type? What is cheap is asked
 *    first; only a signature by such a key costs a verification (about 0.1 ms).
 * 2. {@link Admission.timeProblem}, after them: is it newer than what it would replace? Otherwise whoever kept an old grant could
 *    append it again once the window has forgotten it.
 */
import type { KeyObject } from 'node:crypto';
import { type AuthorityProblem, CATEGORY_INDEX, ORIGIN, type SignedType } from '../../../schemas/codes.ts';
import { keyidOf } from '../../../schemas/public-key.ts';
import type { JsonObject } from '../record/fields.ts';
import type { ParsedRecord } from '../record/record.ts';
import { KEYS_MAX, type SigningKeys, NEVER_US } from '../state/signing-keys.ts';
import type { ProgramState, ProgramTable } from '../state/program-table.ts';
import { ROOTS_MAX } from './authority.ts';
import { isSignature, isSignedBy, verifyingKey } from './signature.ts';

const SECOND_US = 1_000_000;
/** A clock that is ahead would shut out all that comes after it until its time is reached. */
export const AHEAD_MAX_US = 300 * SECOND_US;
/** Of a fact that comes in live: what is older was kept back. */
const LIVE_AGE_MAX_US = 7 * 86_400 * SECOND_US;
/** An erasure replaces nothing that it could be older than, so its age is what bounds it. */
const ERASURE_AGE_MAX_US = 86_400 * SECOND_US;

export type SignedRecord = Extract<ParsedRecord, { type: SignedType }>;

/** Where a fact stands: {@link Admission.timeProblem}. */
export interface Arrival {
  readonly appendedAtMs: number;
  readonly origin: number;
}

export class Admission {
  readonly #logId: string;
  readonly #keys: SigningKeys;
  readonly #roots: ReadonlyMap<string, string>;
  /** By public key; no more than there are roots and keys. */
  readonly #verifying = new Map<string, KeyObject>();

  /** @param roots public keys, base64 */
  constructor(logId: string, keys: SigningKeys, roots: readonly string[]) {
    if (roots.length > ROOTS_MAX) throw new Error(`${roots.length} root keys, at most ${ROOTS_MAX} are allowed`);
    this.#logId = logId;
    this.#keys = keys;
    this.#roots = new Map(roots.map((publicKey) => [keyidOf(publicKey), publicKey]));
  }

  /** Null when the record's bytes carry a signature that counts. @param raw valid JSON, an object */
  signatureProblem(type: SignedType, raw: Buffer): AuthorityProblem | null {
    const event = JSON.parse(raw.toString('utf8')) as JsonObject;
    const { keyid, sig } = event;
    const logId = event['logid'] ?? null;
    if (typeof keyid !== 'string' || !isSignature(sig)) return 'unsigned';
    if (logId !== null && logId !== this.#logId) return 'other_log';
    const publicKey = this.#publicKeyFor(type, keyid);
    if ('problem' in publicKey) return publicKey.problem;
    return isSignedBy(this.#verifyingKey(publicKey.value), event, sig) ? null : 'bad_signature';
  }

  /** Null when a key, were its signature right, may sign this type now. */
  keyProblem(type: SignedType, keyid: string): AuthorityProblem | null {
    const publicKey = this.#publicKeyFor(type, keyid);
    return 'problem' in publicKey ? publicKey.problem : null;
  }

  #publicKeyFor(type: SignedType, keyid: string): { readonly value: string } | { readonly problem: AuthorityProblem } {
    const known = this.#keys.find(keyid);
    const root = this.#roots.get(keyid);
    // A root that was revoked in the log is as good as not configured from there on.
    if (known !== undefined && !known.isActive) return { problem: 'revoked_key' };
    if (root !== undefined) return { value: root };
    if (known === undefined) return { problem: 'unknown_key' };
    const isFor = type !== 'ntk.key' && (known.types === null || known.types.has(type));
    return isFor ? { value: known.publicKey } : { problem: 'key_not_for_type' };
  }

  #verifyingKey(publicKey: string): KeyObject {
    let key = this.#verifying.get(publicKey);
    if (key === undefined) this.#verifying.set(publicKey, (key = verifyingKey(publicKey)));
    return key;
  }

  /** Null when the record's time lets it take effect. Its signature counts and it is no duplicate. */
  timeProblem(record: SignedRecord, program: ProgramState, { appendedAtMs, origin }: Arrival): AuthorityProblem | null {
    const { timeUs } = record.attributes;
    const appendedUs = appendedAtMs * 1000;
    if (timeUs > appendedUs + AHEAD_MAX_US) return 'ahead_of_time';
    const ageMaxUs = record.type === 'ntk.erasure' ? ERASURE_AGE_MAX_US : LIVE_AGE_MAX_US;
    if (origin === ORIGIN.live && timeUs < appendedUs - ageMaxUs) return 'too_old';
    if (timeUs < this.#earliestUs(record, program)) return 'superseded';
    if (record.type === 'ntk.key' && this.#keys.count >= KEYS_MAX && this.#keys.find(record.data.keyid) === undefined)
      return 'too_many_keys';
    return null;
  }

  /** The earliest time that a fact may have, given those before it. Two facts about one thing need different times. */
  #earliestUs(record: SignedRecord, program: ProgramState): number {
    switch (record.type) {
      case 'ntk.policy':
        return this.#keys.policyUs + 1;
      case 'ntk.key':
        return (this.#keys.find(record.data.keyid)?.timeUs ?? NEVER_US) + 1;
      case 'ntk.standing':
        return (program.signedTimes?.standingUs ?? NEVER_US) + 1;
      case 'ntk.entitlement':
        return (program.signedTimes?.entitlementsUs.get(record.data.category) ?? NEVER_US) + 1;
      // Several priors may make one edition, so they may share a time.
      case 'ntk.prior':
        return this.#keys.priorUs;
      case 'ntk.erasure':
        return this.#keys.erasureUs - ERASURE_AGE_MAX_US;
    }
  }

  /** After a record was applied: keys come into force, and nothing older can take its place. */
  applied({ type, attributes: { timeUs }, data }: SignedRecord, program: ProgramState, programs: ProgramTable): void {
    const keys = this.#keys;
    if (type === 'ntk.key') keys.put(data, timeUs);
    else if (type === 'ntk.policy') keys.policyUs = timeUs;
    else if (type === 'ntk.prior') keys.priorUs = timeUs;
    else if (type === 'ntk.erasure') keys.erasureUs = Math.max(keys.erasureUs, timeUs);
    else if (type === 'ntk.standing') programs.signedTimesOf(program).standingUs = timeUs;
    // An entitlement to a category that is not listed has no effect, so nothing is remembered of it.
    else if (CATEGORY_INDEX.has(data.category)) programs.signedTimesOf(program).entitlementsUs.set(data.category, timeUs);
  }
}
