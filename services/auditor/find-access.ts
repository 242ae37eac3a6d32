/** Looks an access up among the stored rows, by its event id or its place in the log. */
import type { RowPlace } from '../domain/review/episode.ts';
import { IS_AMONG_PLACES, placeParams } from '../domain/review/queries.ts';
import type { QueryParams, Warehouse } from '../platform/warehouse/warehouse.ts';

/** A stored row as `ntk explain` shows it. */
export interface StoredAccess {
  readonly partition: number;
  readonly offset: string;
  readonly event_id: string;
  readonly source: string;
  readonly event_time: string;
  readonly appended_at: string;
  readonly scored_at: string;
  readonly program: string;
  readonly developer: string;
  readonly class: string;
  readonly api: string;
  readonly category: string;
  readonly purpose: string;
  readonly foreground: boolean;
  readonly rows: string;
  readonly bytes: string;
  readonly outcome: string;
  readonly verdict: string;
  readonly proposed: string;
  readonly reasons: readonly string[];
  readonly effective: readonly string[];
  readonly limit: string;
  readonly retry_after_ms: string;
  readonly page: string;
  readonly fields: readonly string[];
  readonly link_kind: string;
  readonly link_host: string;
  readonly duration_ms: string;
  readonly evidence: string;
  readonly engine: number;
  readonly policy_hash: string;
  readonly declaration_version: number;
  readonly notes: readonly string[];
}

const COLUMNS = `partition, offset, event_id, source, event_time, appended_at, scored_at, program, developer, class, api, category, purpose,
  foreground, rows, bytes, outcome, verdict, proposed, reasons, effective, limit, retry_after_ms, page, fields, link_kind, link_host, duration_ms, evidence, engine,
  policy_hash, declaration_version, notes`;

export interface AccessFilter {
  readonly eventId?: string;
  readonly place?: { readonly partition: number; readonly offset: number };
  readonly source?: string;
  readonly program?: string;
  readonly category?: string;
  readonly verdict?: string;
}

/** `event time`: from the earliest on. `newest`: what came into the log last, first. */
export type AccessOrder = 'event time' | 'newest';

interface Order {
  readonly time: 'event_time' | 'appended_at';
  readonly by: string;
  /** Of rows behind another one. */
  readonly after: string;
}

const ORDERS: Readonly<Record<AccessOrder, Order>> = {
  'event time': { time: 'event_time', by: 'event_time, partition, offset', after: afterOf('event_time', '>', '>') },
  newest: { time: 'appended_at', by: 'appended_at DESC, partition, offset DESC', after: afterOf('appended_at', '<', '<') },
};

/** The first condition says nothing that the second does not, but by it parts of the table are left out. */
function afterOf(time: Order['time'], later: '<' | '>', further: '<' | '>'): string {
  const at = "toDateTime64({afterTime:String}, 3, 'UTC')";
  const inPartition = `partition = {afterPartition:UInt16} AND offset ${further} {afterOffset:UInt64}`;
  const atSameTime = `partition > {afterPartition:UInt16} OR (${inPartition})`;
  return `${time} ${later}= ${at} AND (${time} ${later} ${at} OR ${atSameTime})`;
}

/** Rows that are held at once: what somebody explains may be millions, of some kilobytes each. */
const PAGE_ROWS = 5_000;

interface PagesOptions {
  /** Rows in all. */
  readonly max: number;
  readonly order?: AccessOrder;
  /** Rows of a page, at most. @default 5,000 */
  readonly pageRows?: number;
}

/**
 * At most `max` rows of a log that match all that is given, page by page. Each page is asked for when the one before was taken: whoever reads may
 * take hours, for which a server keeps no result open.
 */
export async function* accessPages(
  warehouse: Warehouse,
  logId: string,
  filter: AccessFilter,
  { max, order = 'event time', pageRows = PAGE_ROWS }: PagesOptions,
): AsyncGenerator<readonly StoredAccess[], void> {
  const { time, by, after } = ORDERS[order];
  const { where, params } = matching(logId, filter);
  let last: StoredAccess | undefined;
  for (let left = max; left > 0; ) {
    const rows = Math.min(left, pageRows);
    const behind = last === undefined ? '' : ` AND ${after}`;
    const page = await warehouse.query<StoredAccess>(
      `SELECT ${COLUMNS} FROM ntk.access_results FINAL WHERE ${where}${behind} ORDER BY ${by} LIMIT {rows:UInt32}`,
      {
        ...params,
        rows,
        ...(last === undefined ? {} : { afterTime: last[time], afterPartition: last.partition, afterOffset: last.offset }),
      },
    );
    if (page.length > 0) yield page;
    if (page.length < rows) return;
    last = page.at(-1);
    left -= page.length;
  }
}

/** How many rows of a log match all that is given. */
export async function countAccesses(warehouse: Warehouse, logId: string, filter: AccessFilter): Promise<number> {
  const { where, params } = matching(logId, filter);
  const sql = `SELECT count() AS accesses FROM ntk.access_results FINAL WHERE ${where}`;
  const [row] = await warehouse.query<{ readonly accesses: string }>(sql, params);
  return Number(row?.accesses ?? 0);
}

function matching(logId: string, filter: AccessFilter): { readonly where: string; readonly params: QueryParams } {
  const conditions = ['log_id = {logId:UUID}'];
  const params: Record<string, string | number> = { logId };
  if (filter.place !== undefined) {
    conditions.push('partition = {partition:UInt16} AND offset = {offset:UInt64}');
    Object.assign(params, filter.place);
  }
  for (const [name, column] of [
    ['eventId', 'event_id'],
    ['source', 'source'],
    ['program', 'program'],
    ['category', 'category'],
    ['verdict', 'verdict'],
  ] as const) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(`${column} = {${name}:String}`);
    params[name] = value;
  }
  return { where: conditions.join(' AND '), params };
}

/** The row of one place in a log, or null. */
export async function accessAt(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  offset: number,
): Promise<StoredAccess | null> {
  const [row] = await warehouse.query<StoredAccess>(
    `SELECT ${COLUMNS} FROM ntk.access_results FINAL
     WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset = {offset:UInt64}`,
    { logId, partition, offset },
  );
  return row ?? null;
}

/** Rows of some places in a log, in no order; those that are not stored are left out. */
export async function accessesAt(warehouse: Warehouse, logId: string, places: readonly RowPlace[]): Promise<StoredAccess[]> {
  if (places.length === 0) return [];
  return warehouse.query<StoredAccess>(
    `SELECT ${COLUMNS} FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND ${IS_AMONG_PLACES}`,
    { logId, ...placeParams(places) },
  );
}
