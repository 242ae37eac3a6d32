/** Values of a query as the client of ClickHouse takes them. */
import type { QueryParams } from './warehouse.ts';

export function bound(params: QueryParams | undefined): { query_params?: Record<string, unknown> } {
  return params === undefined ? {} : { query_params: { ...params } };
}
