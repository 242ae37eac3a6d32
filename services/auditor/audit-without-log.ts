/**
 * What rows and ledger say of one another where the log is not at hand: whether they still have the hashes that were chained over them when
 * they were stored. Whether the log gave them nobody can tell without it, nor whether both were changed together, or cut off at the end.
 */
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { countOthers, type StoreAudit } from './audit-store.ts';
import { lastErasureIn, proveByChain } from './chain-proof.ts';
import { readLedger } from './ledger.ts';
import { auditLedger } from './ledger-audit.ts';
import { type LedgerAuditOptions, nothingFound, type PartitionAudit } from './partition-audit.ts';

export interface AuditWithoutLogOptions {
  readonly logId: string;
  readonly warehouse: Warehouse;
  readonly onProgress?: (rows: number, total: number) => void;
}

/** Never `ok`: this is no proof. */
export async function auditWithoutLog({ logId, warehouse, onProgress }: AuditWithoutLogOptions): Promise<StoreAudit> {
  const ends = await warehouse.query<{ partition: number; next: string; rows_end: string; n: string }>(
    `SELECT partition, max(next) AS next, max(rows_end) AS rows_end, sum(n) AS n FROM (
       SELECT partition, next, toUInt64(0) AS rows_end, toUInt64(0) AS n FROM ntk.blocks FINAL WHERE log_id = {logId:UUID}
       UNION ALL
       SELECT partition, toUInt64(0) AS next, offset + 1 AS rows_end, toUInt64(1) AS n FROM ntk.access_results FINAL WHERE log_id = {logId:UUID}
     ) GROUP BY partition ORDER BY partition`,
    { logId },
  );
  const total = ends.reduce((sum, { n }) => sum + Number(n), 0);
  const partitions: PartitionAudit[] = [];
  let done = 0;
  for (const { partition, next, rows_end: rowsEnd } of ends) {
    const audit = await auditLedgerAlone({
      log: { logId },
      warehouse,
      partition,
      storedUpTo: Number(next),
      onProgress: (rows) => onProgress?.((done += rows), total),
    });
    // By right where a writer is at work, which stores the rows first.
    if (Number(rowsEnd) > Number(next))
      audit.unproved.push({ from: Number(next), to: Number(rowsEnd), why: 'the ledger has no entry for the rows there' });
    partitions.push(audit);
  }
  return {
    logId,
    ok: false,
    isLogAtHand: false,
    partitions,
    strayRows: 0,
    strayLedgerEntries: 0,
    rowsOfOtherLogs: await countOthers({ logId }, warehouse),
    repaired: null,
  };
}

async function auditLedgerAlone(options: LedgerAuditOptions): Promise<PartitionAudit> {
  const { log, warehouse, partition, storedUpTo } = options;
  const audit = { ...nothingFound(partition), proof: 'chain' as const, chainBecause: 'log_gone' as const };
  const ledger = await readLedger(warehouse, log.logId, partition);
  const headers = await auditLedger(options, [], ledger, audit);
  await proveByChain(options, null, headers, audit, { erasedUpTo: lastErasureIn(ledger), erasures: [] });
  audit.provedByLogFrom = storedUpTo;
  return audit;
}
