/**
 * Proof for ranges whose log is gone: the ledger chains a hash over the rows that were made from it, so stored rows that
 * were changed, lost or added give another hash at the end of their block.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { chainFromLink, chainStart, OFFSETS_PER_GROUP, RowChain } from '../domain/results/row-chain.ts';
import type { AuditOptions, PartitionAudit } from './audit-partition.ts';
import { readStoredRows } from './compare-rows.ts';
import { standsForLostBlocks } from './ledger.ts';

/** `hasErasures`: users had rows erased, so rows may be gone by right; which ones only the log would tell. */
export async function proveByChain(
  options: AuditOptions,
  headers: readonly BlockHeader[],
  audit: PartitionAudit & { rows: number },
  hasErasures: boolean,
): Promise<void> {
  const { log, warehouse, partition } = options;
  let chain: RowChain | null = null;
  let before: BlockHeader | null = null;
  for (const header of headers) {
    const range = { logId: log.logId, partition, from: header.first, to: header.next };
    if (header.gap !== undefined) {
      // No row can be of it, and the chain begins anew behind it.
      audit.unexpected += (await readStoredRows(warehouse, range, false)).length;
      before = header;
      chain = null;
      continue;
    }
    chain ??= chainAt(log.logId, partition, header, before);
    before = header;
    if (chain === null) {
      audit.unproved.push({
        from: header.first,
        to: header.next,
        why: hasErasures
          ? 'rows were erased, and the chain cannot go round them'
          : 'the chain cannot be entered inside a group of offsets',
      });
      continue;
    }
    const rows = await readStoredRows(warehouse, range, true);
    const physical = await readStoredRows(warehouse, range, false);
    audit.doubled += physical.length - rows.length;
    audit.rows += rows.length;
    options.onProgress?.(rows.length);
    const ends: number[] = [];
    let end = 0;
    for (const row of rows) ends.push((end += row.bytes.length));
    const hash = chain.extend(
      Buffer.concat(rows.map((row) => row.bytes)),
      rows.map((row) => row.offset),
      ends,
    );
    if (rows.length < header.accesses) audit[hasErasures ? 'erased' : 'missing'] += header.accesses - rows.length;
    else if (rows.length > header.accesses) audit.unexpected += rows.length - header.accesses;
    else if (hash !== header.rowsHash) audit.different++;
    // After a mismatch the chain is taken up again where a block ends with its group.
    if (hash !== header.rowsHash) chain = null;
  }
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
