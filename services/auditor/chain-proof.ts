/**
 * Proof for ranges that cannot be folded again: the ledger chains a hash over the rows that were made from them. As long as the log has a
 * block, the chain is followed over the block's rows, and the stored ones have to equal these: what is not as it should be is known row
 * by row, and can be mended. Behind that, over the stored rows: those that were changed, lost or added give another hash at the end of
 * their block.
 */
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { chainFromLink, chainStart, OFFSETS_PER_GROUP, RowChain } from '../domain/results/row-chain.ts';
import { decodeRows, RowBinaryError } from '../platform/warehouse/row-binary.ts';
import type { LedgerAuditOptions, PartitionAudit } from './partition-audit.ts';
import { readStoredRows } from './compare-rows.ts';
import { type BlocksOfLog, type LedgerEntry, standsForLostBlocks } from './ledger.ts';
import { PendingRows, type RowsOfOffsets } from './pending-rows.ts';

export interface Erased {
  /** Users had rows before this offset erased, so stored ones may be gone by right; which ones only the log would tell. */
  readonly erasedUpTo: number;
  /** Those of the blocks that the log has. */
  readonly erasures: BlockHeader['erasures'];
}

type Audit = PartitionAudit & { rows: number };

const AROUND_ERASED = 'rows were erased, and the chain cannot go round them';
const INSIDE_GROUP = 'the chain cannot be entered inside a group of offsets';

/** Where the last entry ends that had rows erased, all of them before it; 0 without one. */
export function lastErasureIn(ledger: readonly LedgerEntry[]): number {
  return ledger.reduce((upTo, { erasures, header }) => (erasures > 0 ? Math.max(upTo, header.next) : upTo), 0);
}

/** @param blocks null without a log */
export async function proveByChain(
  options: LedgerAuditOptions,
  blocks: BlocksOfLog | null,
  headers: readonly BlockHeader[],
  audit: Audit,
  { erasedUpTo, erasures }: Erased,
): Promise<void> {
  const { log, warehouse, partition } = options;
  const pending = new PendingRows(options, audit, erasures, 0);
  const notEntered = erasedUpTo > 0 ? AROUND_ERASED : INSIDE_GROUP;
  let chain: RowChain | null = null;
  let before: BlockHeader | null = null;
  let wasSame = true;
  for (const header of headers) {
    const range = { logId: log.logId, partition, from: header.first, to: header.next };
    const end = before?.next ?? 0;
    if (header.first > end) {
      // No entry speaks for what lies between: nobody knows what is there by right, nor goes the chain round it.
      await pending.compare(end, wasSame);
      pending.goOnFrom(header.first);
      chain = null;
      before = null;
    }
    if (header.gap === undefined) chain ??= chainAt(log.logId, partition, header, before);
    before = header;
    const block = blocks !== null && header.gap === undefined ? rowsOf(await blocks.rows(header)) : null;
    if (block !== null) {
      const behind = followed(chain, block, header, audit, notEntered);
      // Rows that are not those the hash was made of are no reason to replace what is stored.
      const isSame = chain === null || behind !== null;
      chain = behind;
      if (isSame !== wasSame) await pending.compare(header.first, wasSame);
      wasSame = isSame;
      pending.add(block, header.scoredAtMs);
      audit.rows += block.offsets.length;
      options.onProgress?.(block.offsets.length);
      await pending.compareIfMany(header.next, isSame);
      continue;
    }
    await pending.compare(header.first, wasSame);
    if (header.gap !== undefined) {
      // No row can be of it, and the chain begins anew behind it.
      await pending.compare(header.next, true);
      chain = null;
      continue;
    }
    pending.goOnFrom(header.next);
    if (chain === null) {
      audit.unproved.push({ from: header.first, to: header.next, why: notEntered });
      continue;
    }
    const stored = await readStoredRows(warehouse, range, true);
    const physical = await readStoredRows(warehouse, range, false);
    audit.doubled += physical.length - stored.length;
    audit.rows += stored.length;
    options.onProgress?.(stored.length);
    const { bytes, offsets, ends } = joined(stored);
    const hash = chain.extend(bytes, offsets, ends);
    if (stored.length < header.accesses) {
      const mayBeErased = header.first < erasedUpTo;
      audit[mayBeErased ? 'erased' : 'missing'] += header.accesses - stored.length;
      // Whether no others are gone, and those that are there are what they were, the hash of all of them does not tell.
      if (mayBeErased) audit.unproved.push({ from: header.first, to: header.next, why: AROUND_ERASED });
    } else if (stored.length > header.accesses) audit.unexpected += stored.length - header.accesses;
    else if (hash !== header.rowsHash) audit.different++;
    // After a mismatch the chain is taken up again where a block ends with its group.
    if (hash !== header.rowsHash) chain = null;
  }
  await pending.compare(before?.next ?? 0, wasSame);
}

/** The chain behind a block's rows; null, and said, where they do not give its hash or it could not be entered. */
function followed(
  chain: RowChain | null,
  { bytes, offsets, ends }: RowsOfOffsets,
  { first, next, rowsHash }: BlockHeader,
  audit: Audit,
  notEntered: string,
): RowChain | null {
  if (chain?.extend(bytes, offsets, ends) === rowsHash) return chain;
  const why = chain === null ? notEntered : 'the rows of its block in the log do not give its hash';
  audit.unproved.push({ from: first, to: next, why });
  return null;
}

/** Null without a block, or with one whose rows have columns of another release. */
function rowsOf(bytes: Buffer | null): RowsOfOffsets | null {
  if (bytes === null) return null;
  const offsets: number[] = [];
  const ends: number[] = [];
  try {
    for (const { end, values } of decodeRows([...ROW_COLUMNS], bytes)) {
      offsets.push(Number(values[0]));
      ends.push(end);
    }
  } catch (error) {
    if (error instanceof RowBinaryError) return null;
    throw error;
  }
  return { bytes, offsets, ends };
}

function joined(rows: readonly { readonly offset: number; readonly bytes: Buffer }[]): RowsOfOffsets {
  const ends: number[] = [];
  let end = 0;
  for (const row of rows) ends.push((end += row.bytes.length));
  return { bytes: Buffer.concat(rows.map((row) => row.bytes)), offsets: rows.map((row) => row.offset), ends };
}

/** The chain just before a block, where it is known: at the beginning, behind a gap, and where the block before ended with its group. */
function chainAt(logId: string, partition: number, header: BlockHeader, before: BlockHeader | null): RowChain | null {
  if (header.first === 0) return new RowChain(chainStart(logId, partition));
  if (before === null) return null;
  // Behind lost blocks that were given up the rows are chained to ones that nobody has.
  const { gap } = before;
  const isLink = gap === undefined ? header.first % OFFSETS_PER_GROUP === 0 : !standsForLostBlocks(before);
  if (!isLink) return null;
  return new RowChain(chainFromLink(Buffer.from(before.rowsHash, 'hex')));
}
