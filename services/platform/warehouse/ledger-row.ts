/** One entry of the ledger `ntk.blocks`, in RowBinary. */
import type { Column } from '../../../schemas/results/columns.ts';
import type { BlockHeader } from '../../../schemas/results/block.ts';
import { encodeRow } from './row-binary.ts';

const COUNTS = 'Map(LowCardinality(String), UInt64)';
const TIME = "DateTime64(3, 'UTC')";

export const LEDGER_COLUMNS = [
  { name: 'log_id', type: 'UUID' },
  { name: 'partition', type: 'UInt16' },
  { name: 'first', type: 'UInt64' },
  { name: 'next', type: 'UInt64' },
  { name: 'engine', type: 'UInt16' },
  { name: 'catalogue_hash', type: 'String' },
  { name: 'accesses', type: 'UInt64' },
  { name: 'facts', type: COUNTS },
  { name: 'stale_facts', type: 'UInt64' },
  { name: 'duplicates', type: 'UInt64' },
  { name: 'rejects', type: COUNTS },
  { name: 'heartbeats', type: 'UInt64' },
  { name: 'policy_copies', type: 'UInt64' },
  { name: 'live_records', type: 'UInt64' },
  { name: 'scored_at', type: TIME },
  { name: 'event_time_min', type: `Nullable(${TIME})` },
  { name: 'event_time_max', type: `Nullable(${TIME})` },
  { name: 'rows_hash', type: 'FixedString(64)' },
  { name: 'entry_hash', type: 'FixedString(64)' },
  { name: 'erasures', type: 'UInt64' },
  { name: 'kind', type: "Enum8('block' = 0, 'gap' = 1)" },
  { name: 'state_from', type: 'UInt64' },
  { name: 'state_to', type: 'UInt64' },
  { name: 'accepted_by', type: 'String' },
  { name: 'reason', type: 'String' },
] as const satisfies readonly Column[];

/** Column `reason` of a block that was made again. */
export const REMADE = 'remade';

export function ledgerRow(header: BlockHeader, erasures = header.erasures.length): Buffer {
  return encodeRow(LEDGER_COLUMNS, [
    header.logId,
    header.partition,
    header.first,
    header.next,
    header.engine,
    header.catalogueHash,
    header.accesses,
    header.facts,
    header.staleFacts,
    header.duplicates,
    header.rejects,
    header.heartbeats,
    header.policyCopies,
    header.liveRecords,
    header.scoredAtMs,
    header.eventTimeMinMs,
    header.eventTimeMaxMs,
    header.rowsHash,
    header.entryHash,
    erasures,
    header.gap === undefined ? 'block' : 'gap',
    header.gap?.stateFrom ?? 0,
    header.gap?.stateTo ?? 0,
    header.gap?.by ?? '',
    header.gap?.reason ?? (header.remade ? REMADE : ''),
  ]);
}
