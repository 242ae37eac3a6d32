/** Whether a token may send what a record claims to be. All of a request is looked at before any of it is appended. */
import { claimsOf } from '../domain/record/claims.ts';
import type { Token } from './tokens/token-file.ts';

/** The first record that is outside of what its token may send. */
interface OutOfBounds {
  /** From 0, in the order of the request. */
  readonly record: number;
  readonly attribute: 'source' | 'type';
  readonly value: string;
}

/** Null when all are inside. What claims neither source nor type goes through: it can only become a reject. */
export function outOfBounds(token: Token, records: readonly Buffer[]): OutOfBounds | null {
  // The system's own token: nothing to look for, and the scorer parses anyway.
  if (token.types === null && token.sources.includes('*')) return null;
  for (const [record, bytes] of records.entries()) {
    const { source, type } = claimsOf(bytes);
    if (source !== null && !token.sources.some((allowed) => covers(allowed, source)))
      return { record, attribute: 'source', value: source };
    if (type !== null && token.types !== null && !token.types.includes(type)) return { record, attribute: 'type', value: type };
  }
  return null;
}

/** Exact, or by its beginning when it ends with a star. */
function covers(allowed: string, source: string): boolean {
  return allowed.endsWith('*') ? source.startsWith(allowed.slice(0, -1)) : allowed === source;
}
