/**
 * Signatures of records: Ed25519 (RFC 8032) over the whole event without `sig` as canonical JSON (RFC 8785). What is signed is the
 * event's value, not its bytes, so that hosts and gateways may pass it on in any form; what is read from it is the same value.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { keyidOf } from '../../../schemas/public-key.ts';
import type { JsonObject } from '../record/fields.ts';

/** 64 bytes in the one way that base64 has for them: another spelling of a signature is none. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

export interface Signer {
  readonly keyid: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** @throws Error when the key is not an Ed25519 one; whoever reads keys has looked */
export function signerOf(privateKey: KeyObject): Signer {
  const publicKey = publicKeyOf(createPublicKey(privateKey));
  return { keyid: keyidOf(publicKey), publicKey, privateKey };
}

/** The 32 bytes of an Ed25519 public key as base64. */
export function publicKeyOf(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x!, 'base64url').toString('base64');
}

/** For {@link isSignedBy}. @param publicKey 32 bytes as base64 */
export function verifyingKey(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** What a signature covers; null when the event holds a number that JSON cannot say again (1e999 is read as infinite). */
function signedBytes({ sig: _, ...rest }: JsonObject): Buffer | null {
  try {
    return Buffer.from(canonicalize(rest)!, 'utf8');
  } catch {
    return null;
  }
}

export function isSignature(sig: unknown): sig is string {
  return typeof sig === 'string' && SIGNATURE.test(sig);
}

export function isSignedBy(key: KeyObject, event: JsonObject, sig: string): boolean {
  const bytes = signedBytes(event);
  return bytes !== null && verify(null, bytes, key, Buffer.from(sig, 'base64'));
}

/** The event with `keyid` and `sig`, in place of those it had; null when it cannot be said in canonical JSON. */
export function signEvent(event: JsonObject, { keyid, privateKey }: Signer): JsonObject | null {
  const { sig: _, ...rest } = event;
  const unsigned = { ...rest, keyid };
  const bytes = signedBytes(unsigned);
  return bytes === null ? null : { ...unsigned, sig: sign(null, bytes, privateKey).toString('base64') };
}
