/** Public keys of those who may say facts of authority: Ed25519, 32 bytes as base64, called by their fingerprint. */
import { createHash } from 'node:crypto';

/** 32 bytes in the one way that base64 has for them. */
export const PUBLIC_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
export const KEYID = /^[0-9a-f]{32}$/;

/**
 * Points of small order, without their sign bit. Under such a key anybody can make signatures (RFC 8032, section 5.1.7 does not
 * refuse them), so it is none. The list is that of libsodium (`ge25519_has_small_order`): 0, 1, the two of order 8, p - 1, p, p + 1.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether a text is a public key that only the holder of its private key can sign for. */
export function isPublicKey(text: string): boolean {
  if (!PUBLIC_KEY.test(text)) return false;
  const bytes = Buffer.from(text, 'base64');
  bytes[31] = bytes[31]! & 0x7f;
  return !SMALL_ORDER.has(bytes.toString('hex'));
}

/** First 32 hex digits of SHA-256 over the 32 bytes. */
export function keyidOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 32);
}
