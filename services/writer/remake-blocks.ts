/**
 * Makes the results of lost blocks again from the log (docs/gaps.md), a piece at a time: rows, ledger entry, position, as the writer
 * does. A crash goes on behind the last piece. The rows are those that were lost, but for when they were judged; the entries say that
 * they were remade, because the entry behind them is chained to the lost ones.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { encodeWriterNote } from '../platform/log/writer-note.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { lastHashes } from './accept-lost-blocks.ts';
import { insertGroup } from './insert-group.ts';
import { type WriterStanding, writerStanding } from './lost-blocks.ts';

/** The log folded again from an offset at or before the lost blocks; `upTo` answers false when the log ends before. */
export interface Refolding {
  readonly position: number;
  /** Chained over all rows before the position. */
  readonly rowsHash: string;
  upTo(next: number, onPiece: (piece: BatchOutcome) => void | Promise<void>): Promise<boolean>;
}

export interface RemakeOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  /** From a place at or before the offset; null when the log no longer has the records. */
  readonly refoldFrom: (offset: number) => Promise<Refolding | null>;
}

export type RemakeResult =
  | { readonly status: 'nothing_lost' }
  | { readonly status: 'remade'; readonly lost: WriterStanding; readonly rows: number }
  /** The records are gone from the log, too. */
  | { readonly status: 'impossible'; readonly lost: WriterStanding }
  /** Folding gives other rows up to the lost blocks, or behind them, than were judged: another user key, or another release. */
  | { readonly status: 'other_rows'; readonly lost: WriterStanding }
  /** Blocks just before were given up, and none is there behind: nothing tells yet whether the rows come out as they were. */
  | { readonly status: 'untold'; readonly lost: WriterStanding }
  | { readonly status: 'fenced' };

export async function remakeLostBlocks({ log, warehouse, partition, refoldFrom }: RemakeOptions): Promise<RemakeResult> {
  if (isWhole(await writerStanding(log, partition))) return { status: 'nothing_lost' };
  const owner = await log.claim('writer', partition);
  try {
    const lost = await writerStanding(log, partition);
    if (isWhole(lost)) return { status: 'nothing_lost' };
    const refolding = await refoldFrom(lost.from);
    if (refolding === null || !(await refolding.upTo(lost.from, () => {}))) return { status: 'impossible', lost };
    const last = await lastHashes(warehouse, log.logId, partition, lost.from);
    const told = last.isBehindLostBlocks
      ? await comesOutBehind(lost, refoldFrom)
      : refolding.rowsHash === last.rowsHash
        ? 'same'
        : 'other_rows';
    if (told !== 'same') return { status: told, lost };
    let before: Pick<BlockHeader, 'entryHash'> = last;
    let rows = 0;
    let isFenced = false;
    const isComplete = await refolding.upTo(lost.to, async (piece) => {
      if (isFenced) return;
      const header = piece.header(before.entryHash, { remade: true });
      before = header;
      const group = { partition, from: header.first, to: header.next, headers: [header], rowCount: header.accesses };
      const bytes = piece.rows.written();
      const token = `${log.logId}:${partition}:remade:${header.first}-${header.next}`;
      await insertGroup(warehouse, log.logId, { ...group, rows: [bytes], byteCount: bytes.length }, token);
      const result = await owner.commit({
        position: { consumer: 'writer', partition, offset: lost.offset, note: encodeWriterNote({ next: header.next }) },
      });
      isFenced = result.status === 'fenced';
      rows += header.accesses;
    });
    if (isFenced) return { status: 'fenced' };
    return isComplete ? { status: 'remade', lost, rows } : { status: 'impossible', lost };
  } finally {
    await owner.release();
  }
}

/** Whether folding the log again arrives at what the first block behind the lost ones says of all rows up to its end. */
async function comesOutBehind(
  { from, next }: WriterStanding,
  refoldFrom: RemakeOptions['refoldFrom'],
): Promise<'same' | 'other_rows' | 'untold'> {
  // Behind an accepted gap the chain begins anew.
  if (next === null || next.gap !== undefined) return 'untold';
  const ahead = await refoldFrom(from);
  if (ahead === null || !(await ahead.upTo(next.next, () => {}))) return 'untold';
  return ahead.rowsHash === next.rowsHash ? 'same' : 'other_rows';
}

function isWhole({ from, to }: WriterStanding): boolean {
  return from >= to;
}
