/** The gaps in a log that somebody accepted (docs/gaps.md), as the ledger has them. */
import type { QueryParams, Warehouse } from './warehouse.ts';

export interface LedgerGap {
  readonly partition: number;
  /** Source offsets that have no verdicts or rows, from (included) to (not). Equal where only the state lost something. */
  readonly from: number;
  readonly to: number;
  /** The state behind the gap lacks these records; equal where it is whole. */
  readonly stateFrom: number;
  readonly stateTo: number;
  /** Times are RFC 3339. */
  readonly acceptedAt: string;
  readonly by: string;
  readonly reason: string;
  /** Arrival of the last stored access before the gap and of the first one behind it; null where there is none. */
  readonly arrivedAfter: string | null;
  readonly arrivedBefore: string | null;
}

/** Each is a decision of a person. */
const GAPS_MAX = 1_000;

const GAPS_SQL = `
SELECT partition, first, next, state_from, state_to, toUnixTimestamp64Milli(scored_at) AS accepted_ms, accepted_by, reason
FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND kind = 'gap' ORDER BY partition, first, next, state_to LIMIT {max:UInt32}`;

const ARRIVAL_SQL = `
SELECT
  maxOrNullIf(toUnixTimestamp64Milli(appended_at), offset < {first:UInt64}) AS after_ms,
  minOrNullIf(toUnixTimestamp64Milli(appended_at), offset >= {next:UInt64}) AS before_ms
FROM ntk.access_results WHERE log_id = {logId:UUID} AND partition = {partition:UInt16}`;

interface GapRow {
  readonly partition: number;
  readonly first: string;
  readonly next: string;
  readonly state_from: string;
  readonly state_to: string;
  readonly accepted_ms: string;
  readonly accepted_by: string;
  readonly reason: string;
}

/** By partition and place. */
export async function readAcceptedGaps(warehouse: Warehouse, logId: string): Promise<LedgerGap[]> {
  const rows = await warehouse.query<GapRow>(GAPS_SQL, { logId, max: GAPS_MAX });
  const gaps: LedgerGap[] = [];
  for (const { partition, first, next, state_from, state_to, accepted_ms, accepted_by, reason } of rows) {
    const params: QueryParams = { logId, partition, first: Number(first), next: Number(next) };
    const [arrival] = await warehouse.query<{ after_ms: string | null; before_ms: string | null }>(ARRIVAL_SQL, params);
    gaps.push({
      partition,
      from: Number(first),
      to: Number(next),
      stateFrom: Number(state_from),
      stateTo: Number(state_to),
      acceptedAt: isoOf(accepted_ms)!,
      by: accepted_by,
      reason,
      arrivedAfter: isoOf(arrival!.after_ms),
      arrivedBefore: isoOf(arrival!.before_ms),
    });
  }
  return gaps;
}

function isoOf(ms: string | null): string | null {
  return ms === null ? null : new Date(Number(ms)).toISOString();
}
