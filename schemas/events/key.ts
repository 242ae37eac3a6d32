/** `ntk.key`: a key comes into force or leaves it, from the record's place in the log on (docs/authority.md). */
import { z } from 'zod';
import { KEY_STATES } from '../codes.ts';
import { optional } from '../fields.ts';
import { isPublicKey, KEYID, keyidOf, PUBLIC_KEY } from '../public-key.ts';

export const keySchema = z
  .object({
    keyid: z.string().regex(KEYID).describe('First 32 hex digits of SHA-256 over the 32 bytes of the public key.'),
    publicKey: z
      .string()
      .regex(PUBLIC_KEY)
      .refine(isPublicKey, { error: 'must be a key that not anybody can sign for: its point has a small order' })
      .describe('Ed25519, 32 bytes as base64.'),
    state: z.enum(KEY_STATES),
    types: optional(z.array(z.string()).describe('Facts of authority that it may sign; absent: all of them.')),
    by: optional(z.string()),
    reason: optional(z.string()),
  })
  .refine(({ keyid, publicKey }) => keyid === keyidOf(publicKey), {
    path: ['keyid'],
    error: 'must be the fingerprint of the public key',
  })
  .describe('A key for facts of authority, in every partition. Only a root key signs it.');
export type KeyData = z.infer<typeof keySchema>;
