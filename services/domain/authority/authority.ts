/**
 * Whose facts of authority count (docs/authority.md). A parameter of the fold: the same log under another authority gives other
 * verdicts, so blocks and checkpoints carry its mark.
 */
import { createHash } from 'node:crypto';
import { SIGNED_TYPES, type SignedType } from '../../../schemas/codes.ts';
import { keyidOf } from '../../../schemas/public-key.ts';

export type Authority =
  /** Everybody's: whoever can append is trusted. `isAssumed`: nobody said so, it is what holds when nothing is said. */
  | { readonly mode: 'open'; readonly isAssumed?: boolean }
  /** Those with a signature by a key in force, which root keys put there. */
  | { readonly mode: 'signed'; readonly roots: readonly string[] /* public keys, base64 */ };

/** Root keys that may be configured: two persons, a spare and those of a rotation; each costs every reader a look-up. */
export const ROOTS_MAX = 16;

export const OPEN: Authority = { mode: 'open' };
export const OPEN_MARK = 'open';

/** `open`, or `signed:` and 16 hex digits of SHA-256 over the root keys' ids in order. */
export function authorityMark(authority: Authority): string {
  if (authority.mode === 'open') return OPEN_MARK;
  const keyids = authority.roots.map(keyidOf).sort();
  return `signed:${createHash('sha256').update(keyids.join('\n')).digest('hex').slice(0, 16)}`;
}

const SIGNED: ReadonlySet<string> = new Set<string>(SIGNED_TYPES);

/** Whether a record of this type needs a signature where signatures are asked for. */
export function isSignedType(type: string): type is SignedType {
  return SIGNED.has(type);
}
