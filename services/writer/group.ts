/** A group: consecutive blocks of one partition that are inserted together. */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { decodeBlock } from '../domain/results/block.ts';
import type { EventLog } from '../platform/log/event-log.ts';

export interface GroupLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/**
 * Blocks of one insert: each is named in its statement, of which a server takes 128 KiB in its URL (http_max_field_value_size). At the highest
 * offsets that there are these have 109 KiB; at a million million 97.
 */
const BLOCKS_MAX = 2_000;

export interface Group {
  readonly partition: number;
  /** Offsets in `ntk.results`: from (included) to (not). */
  readonly from: number;
  readonly to: number;
  readonly headers: readonly BlockHeader[];
  /** Rows of each block. */
  readonly rows: readonly Buffer[];
  readonly rowCount: number;
  readonly byteCount: number;
}

const READ_RECORDS_MAX = 64;
const READ_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads blocks from `from` on, up to the limits (at least one block), or exactly up to `upTo` when that is given: after
 * a crash the intended range is repeated whatever the limits are now. It ends before a block that does not follow the one
 * before. Null when there is none.
 */
export async function readGroup(
  log: EventLog,
  partition: number,
  from: number,
  limits: GroupLimits,
  upTo: number | null,
): Promise<Group | null> {
  const headers: BlockHeader[] = [];
  const rows: Buffer[] = [];
  let rowCount = 0;
  let byteCount = 0;
  let to = from;
  const mayGoOn = (): boolean =>
    upTo === null ? rowCount < limits.rowsMax && byteCount < limits.bytesMax && headers.length < BLOCKS_MAX : to < upTo;
  while (mayGoOn()) {
    const batch = await log.read('results', partition, to, { maxRecords: READ_RECORDS_MAX, maxBytes: READ_BYTES_MAX });
    if (batch.count === 0) break;
    for (let i = 0; i < batch.count && mayGoOn(); i++) {
      const block = decodeBlock(batch.bytes.subarray(batch.starts[i], batch.starts[i + 1]));
      const before = headers.at(-1);
      if (before !== undefined && block.header.first !== before.next)
        return { partition, from, to, headers, rows, rowCount, byteCount };
      headers.push(block.header);
      rows.push(block.rows);
      rowCount += block.header.accesses;
      byteCount += block.rows.length;
      to = batch.offsets[i]! + 1;
    }
  }
  return headers.length === 0 ? null : { partition, from, to, headers, rows, rowCount, byteCount };
}
