/** Bearer tokens (RFC 6750), compared in a time that does not depend on how much of them is right. */
import { createHash, timingSafeEqual } from 'node:crypto';

export class BearerToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = tokenDigest(token);
  }

  /** @param header the request's `Authorization` */
  matches(header: string | undefined): boolean {
    const token = bearerOf(header);
    // Digests are of one length, which the comparison needs.
    return timingSafeEqual(tokenDigest(token ?? ''), this.#digest) && token !== null;
  }
}

/** The token of an `Authorization` header; null when there is none. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([^ ]+) *$/i.exec(header ?? '')?.[1] ?? null;
}

/** SHA-256: what is kept and compared of a token, never the token itself. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
