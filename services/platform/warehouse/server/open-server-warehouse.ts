/** The warehouse on a ClickHouse server. Nothing is asked of it here: a server that is away is for the first use to find. */
import { OWN_CODES, warehouseError } from '../error-codes.ts';
import { HttpWarehouse } from '../http-warehouse.ts';
import type { Warehouse } from '../warehouse.ts';

interface ServerWarehouseOptions {
  /** `http://host:8123` or `https://user:password@host:8443`; a path is a proxy's. */
  readonly url: string;
  /** In place of the URL's. Default `default`. */
  readonly username?: string;
  readonly password?: string;
  /** Longest wait for an answer. Default 5 minutes. */
  readonly requestTimeoutMs?: number;
}

/** @throws WarehouseError `UNREACHABLE` when the URL is none, or its user or password cannot be read */
export function openServerWarehouse({ url, username, password, requestTimeoutMs }: ServerWarehouseOptions): Warehouse {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    // Not the text itself: it may hold a password.
    throw warehouseError(OWN_CODES.unreachable, 'the ClickHouse URL is none: write it like http://127.0.0.1:8123');
  }
  return new HttpWarehouse({
    url: parsed.origin,
    ...(parsed.pathname === '/' ? {} : { pathname: parsed.pathname }),
    auth: {
      username: username ?? (decoded(parsed.username) || 'default'),
      password: password ?? decoded(parsed.password),
    },
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    judges: true,
    description: `${parsed.origin}${parsed.pathname === '/' ? '' : parsed.pathname}`,
  });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw warehouseError(OWN_CODES.unreachable, 'in the user or password of the ClickHouse URL, write a % as %25');
  }
}
