/** What a report calls a kind of data, to the host API that the scorer's catalogue knows (schemas/catalogue). */
import { APPLE_STREAMS, APPLE_TCC_SERVICES, CATALOGUE } from '../../../schemas/catalogue/index.ts';
import type { Category } from '../../../schemas/codes.ts';

/** API of the domains that a program contacted. */
export const NETWORK_API = 'apple.network';

const HOST = 'apple.';
const API_BY_CATEGORY: ReadonlyMap<Category, string> = new Map(
  [...CATALOGUE].filter(([api]) => api.startsWith(HOST)).map(([api, category]) => [category, api]),
);

export interface ReportedApi {
  readonly api: string;
  /** Said with the access when the catalogue does not say it of the API. */
  readonly category: Category | null;
}

/**
 * API of an access: by the category of the report, before version 3 by the permission (`tccService`) or the `stream`. Names that are
 * not known keep theirs, so that the scorer finds them unmapped (`unmapped_api`) instead of nobody finding them at all. Null when the
 * record names nothing.
 */
export function apiOf(category: string | null, tccService: string | null, stream: string | null): ReportedApi | null {
  if (category !== null) return { api: `${HOST}${category}`, category: null };
  if (tccService !== null) return apiOfName(tccService, APPLE_TCC_SERVICES.get(tccService));
  return stream === null ? null : apiOfName(stream, APPLE_STREAMS.get(stream));
}

function apiOfName(name: string, category: Category | undefined): ReportedApi {
  const api = category === undefined ? undefined : API_BY_CATEGORY.get(category);
  return api === undefined ? { api: `${HOST}${name}`, category: category ?? null } : { api, category: null };
}
