/** The warehouse of a running system that holds the data folder, asked through its endpoint (http/clickhouse-proxy.ts). */
import { HttpWarehouse } from '../http-warehouse.ts';
import type { Warehouse } from '../warehouse.ts';

interface ProxiedWarehouseOptions {
  /** Of the running system, without a path: `http://127.0.0.1:7077`. */
  readonly url: string;
  /** Bearer token of the endpoint. */
  readonly token: string;
  /** Longest wait for an answer. Default 5 minutes. */
  readonly requestTimeoutMs?: number;
}

export function openProxiedWarehouse({ url, token, requestTimeoutMs }: ProxiedWarehouseOptions): Warehouse {
  const { origin } = new URL(url);
  return new HttpWarehouse({
    url: origin,
    pathname: '/clickhouse/',
    auth: { access_token: token },
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    judges: false,
    description: `the running system at ${origin}`,
  });
}
