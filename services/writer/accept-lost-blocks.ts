/**
 * Going on where blocks were lost before they were stored, and the log no longer has the records to make them again (docs/gaps.md):
 * 1. look whether exactly what was named is lost, then claim the partition and look once more;
 * 2. the gap's entry into the ledger; only then
 * 3. the writer's position behind it. A crash between the two repeats the entry, which has one place.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { FIRST_ENTRY_HASH } from '../domain/results/block.ts';
import { gapHeader } from '../domain/results/gap.ts';
import { chainStart } from '../domain/results/row-chain.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { ledgerInsert } from '../platform/warehouse/result-rows.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { encodeWriterNote } from '../platform/log/writer-note.ts';
import { writerStanding } from './lost-blocks.ts';

export interface AcceptLostBlocksOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  /** As the writer named them. */
  readonly from: number;
  readonly to: number;
  readonly by: string;
  readonly reason: string;
  readonly clock: { nowMs(): number };
}

export type AcceptLostBlocksResult =
  | { readonly status: 'accepted'; readonly header: BlockHeader }
  /** Something else is lost, or nothing. */
  | { readonly status: 'not_lost' }
  | { readonly status: 'fenced' };

export async function acceptLostBlocks(options: AcceptLostBlocksOptions): Promise<AcceptLostBlocksResult> {
  const { log, partition } = options;
  // 1.
  if (!(await isLost(options))) return { status: 'not_lost' };
  const owner = await log.claim('writer', partition);
  try {
    if (!(await isLost(options))) return { status: 'not_lost' };
    const header = await entryOf(options);
    // 2.
    await options.warehouse.insertRows(ledgerInsert([header], `${log.logId}:${partition}:gap:${options.from}-${options.to}`));
    // 3.
    const { offset } = await writerStanding(log, partition);
    const result = await owner.commit({
      position: { consumer: 'writer', partition, offset, note: encodeWriterNote({ next: options.to }) },
    });
    return result.status === 'fenced' ? { status: 'fenced' } : { status: 'accepted', header };
  } finally {
    await owner.release();
  }
}

async function isLost({ log, partition, from, to }: AcceptLostBlocksOptions): Promise<boolean> {
  const standing = await writerStanding(log, partition);
  return standing.from < standing.to && standing.from === from && standing.to === to;
}

async function entryOf({
  log,
  warehouse,
  partition,
  from,
  to,
  by,
  reason,
  clock,
}: AcceptLostBlocksOptions): Promise<BlockHeader> {
  const before = await lastHashes(warehouse, log.logId, partition, from);
  return gapHeader({
    logId: log.logId,
    partition,
    first: from,
    next: to,
    // The scorer had them all: the state is whole.
    gap: { stateFrom: to, stateTo: to, by, reason },
    acceptedAtMs: clock.nowMs(),
    authority: '',
    rowsHashBefore: before.rowsHash,
    entryHashBefore: before.entryHash,
  });
}

export interface LastHashes {
  readonly rowsHash: string;
  readonly entryHash: string;
  /** Blocks were given up just before: the rows behind are chained to theirs, and not to this `rowsHash`. */
  readonly isBehindLostBlocks: boolean;
}

/** Of the last ledger entry before an offset: one that ends there, be it a gap that covers none. */
export async function lastHashes(warehouse: Warehouse, logId: string, partition: number, offset: number): Promise<LastHashes> {
  const [last] = await warehouse.query<{ rows_hash: string; entry_hash: string; is_behind: 0 | 1 }>(
    "SELECT rows_hash, entry_hash, kind = 'gap' AND state_from = state_to AS is_behind FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND next <= {offset:UInt64} ORDER BY first DESC, next DESC, state_to DESC LIMIT 1",
    { logId, partition, offset },
  );
  if (last !== undefined)
    return { rowsHash: last.rows_hash, entryHash: last.entry_hash, isBehindLostBlocks: last.is_behind === 1 };
  const rowsHash = chainStart(logId, partition).link.toString('hex');
  return { rowsHash, entryHash: FIRST_ENTRY_HASH, isBehindLostBlocks: false };
}
