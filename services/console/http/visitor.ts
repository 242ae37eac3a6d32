/**
 * Who may look. On this machine everybody who can reach the port (its Host header is checked by the server itself); bound to an address
 * that others reach, whoever has the token: as a bearer, or as the password that a browser asks for. A page of somebody else's may not
 * look in its visitor's name either way.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BearerToken } from '../../platform/http/bearer.ts';

export type Refusal = { readonly code: 401 | 403; readonly error: string };

/** Browsers say where a request comes from; what says nothing is no browser. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

export class Visitors {
  readonly #token: BearerToken | null;

  /** @param token null: none is needed */
  constructor(token: string | null) {
    this.#token = token === null ? null : new BearerToken(token);
  }

  /** Null: welcome. @param isPage a page that a link may lead to, from anywhere */
  refusal(headers: IncomingHttpHeaders, isPage: boolean): Refusal | null {
    const site = headers['sec-fetch-site'];
    const isForeign = typeof site === 'string' && !OWN_SITES.has(site);
    if ((isForeign && !isPage) || (headers.origin !== undefined && hostOf(headers.origin) !== headers.host))
      return { code: 403, error: 'another page may not ask this in your name' };
    if (this.#token === null || this.#token.matches(bearerIn(headers.authorization))) return null;
    return { code: 401, error: 'a token is needed: it is in system.json of the data folder' };
  }
}

function hostOf(origin: string): string | null {
  return URL.parse(origin)?.host ?? null;
}

/** Who somebody says they are, who signed in with a name; empty where there is none. The token does not say who has it. */
export function visitorName({ authorization }: IncomingHttpHeaders): string {
  return basicPair(authorization)?.name ?? '';
}

/** The password of `Authorization: Basic` stands for the token; the user name says nothing. */
function bearerIn(header: string | undefined): string | undefined {
  const pair = basicPair(header);
  return pair === null ? header : `Bearer ${pair.password}`;
}

function basicPair(header: string | undefined): { readonly name: string; readonly password: string } | null {
  const basic = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '')?.[1];
  if (basic === undefined) return null;
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return { name: pair.slice(0, Math.max(colon, 0)), password: pair.slice(colon + 1) };
}
