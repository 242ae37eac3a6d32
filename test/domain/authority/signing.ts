/** Keys from a seed, and signed records for tests. */
import { createPrivateKey } from 'node:crypto';
import { signEvent, type Signer, signerOf } from '../../../services/domain/authority/signature.ts';

/** PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same name gives the same key. */
export function signerCalled(name: string): Signer {
  const seed = Buffer.alloc(32, name);
  return signerOf(createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }));
}

export function signed(event: object, signer: Signer): object {
  const result = signEvent(event as Readonly<Record<string, unknown>>, signer);
  if (result === null) throw new Error('cannot be signed');
  return result;
}
