/** Audits all partitions of a store, and mends them if asked to. */
import type { Authority } from '../domain/authority/authority.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { decodeWriterNote } from '../platform/log/writer-note.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { auditPartition } from './audit-partition.ts';
import { isClean, type PartitionAudit } from './partition-audit.ts';
import type { KeptStates } from './refold.ts';
import { type RepairCounts, repairer } from './repair.ts';

export interface StoreAuditOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  /** Checkpoints of a partition, as they are now. */
  readonly keptStatesOf: (partition: number) => Promise<KeptStates>;
  /** New for each repair; null only looks. */
  readonly repairId: string | null;
  readonly onProgress?: (rows: number, total: number) => void;
}

export interface StoreAudit {
  readonly logId: string;
  readonly ok: boolean;
  /** Without it nothing is proved, see audit-without-log.ts. */
  readonly isLogAtHand: boolean;
  readonly partitions: readonly PartitionAudit[];
  /** Rows and ledger entries under partition numbers that the log does not have. */
  readonly strayRows: number;
  readonly strayLedgerEntries: number;
  /** Rows that lie beside them under the id of another log: nothing is said of them, and no report counts them. */
  readonly rowsOfOtherLogs: number;
  readonly repaired: RepairCounts | null;
}

/** What is stored when it begins is looked at; what is stored meanwhile is left out. */
export async function auditStore(options: StoreAuditOptions): Promise<StoreAudit> {
  const { log, warehouse, storedUser, authority, keptStatesOf, repairId, onProgress } = options;
  const ends: { readonly next: number; readonly laterFrom: number }[] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    const position = await log.position('writer', partition);
    ends.push({ next: position === null ? 0 : decodeWriterNote(position.note).next, laterFrom: position?.offset ?? 0 });
  }
  const total = ends.reduce((sum, { next }) => sum + next, 0);
  const repaired: RepairCounts | null =
    repairId === null ? null : { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 0, beyondRepair: 0 };
  const partitions: PartitionAudit[] = [];
  let done = 0;
  for (const [partition, { next, laterFrom }] of ends.entries()) {
    const mend = repaired === null || repairId === null ? {} : repairer(warehouse, log.logId, partition, repairId, repaired);
    partitions.push(
      await auditPartition({
        log,
        warehouse,
        partition,
        storedUser,
        authority,
        storedUpTo: next,
        laterFrom,
        keptStates: await keptStatesOf(partition),
        ...mend,
        onProgress: (rows) => onProgress?.((done += rows), total),
      }),
    );
  }
  const stray = await findStray(log, warehouse, repaired);
  return {
    logId: log.logId,
    ok: partitions.every(isClean) && stray.strayRows + stray.strayLedgerEntries === 0,
    isLogAtHand: true,
    partitions,
    ...stray,
    rowsOfOtherLogs: await countOthers(log, warehouse),
    repaired,
  };
}

export async function countOthers({ logId }: Pick<EventLog, 'logId'>, warehouse: Warehouse): Promise<number> {
  const sql = 'SELECT count() AS n FROM ntk.access_results WHERE log_id != {logId:UUID}';
  const [row] = await warehouse.query<{ n: string }>(sql, { logId });
  return Number(row!.n);
}

async function findStray(
  { logId, partitions }: EventLog,
  warehouse: Warehouse,
  repaired: RepairCounts | null,
): Promise<Pick<StoreAudit, 'strayRows' | 'strayLedgerEntries'>> {
  const where = 'WHERE log_id = {logId:UUID} AND partition >= {partitions:UInt32}';
  const counts: number[] = [];
  for (const table of ['access_results', 'blocks']) {
    const [row] = await warehouse.query<{ n: string }>(`SELECT count() AS n FROM ntk.${table} ${where}`, { logId, partitions });
    const count = Number(row!.n);
    counts.push(count);
    if (count > 0 && repaired !== null)
      await warehouse.command(`ALTER TABLE ntk.${table} DELETE ${where} SETTINGS mutations_sync = 2`, { logId, partitions });
  }
  const [strayRows, strayLedgerEntries] = counts as [number, number];
  if (repaired !== null) {
    repaired.rowsRemoved += strayRows;
    repaired.ledgerEntries += strayLedgerEntries;
  }
  return { strayRows, strayLedgerEntries };
}
