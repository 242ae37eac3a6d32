/** Mends exactly what an audit found: wrong rows are removed and inserted again as the log says; ledger entries likewise. */
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import type { AuditOptions, LedgerProblem } from './partition-audit.ts';
import type { RowProblem, RowRange } from './compare-rows.ts';
import { forgetCounts } from '../platform/warehouse/block-counts.ts';
import { ledgerInsert, resultRowsInsert } from '../platform/warehouse/result-rows.ts';

/** Offsets named in one statement. */
const OFFSETS_PER_DELETE = 1_000;

export interface RepairCounts {
  rowsInserted: number;
  rowsRemoved: number;
  ledgerEntries: number;
  /** Ledger entries that neither the log nor the ledger can give back. */
  beyondRepair: number;
}

/** `repairId` makes insert tokens new: what was inserted once under the old ones must not be taken for a repeat. */
export function repairer(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  repairId: string,
  counts: RepairCounts,
): Pick<AuditOptions, 'onProblems' | 'onLedgerProblem'> {
  let inserts = 0;
  const token = (): string => `${logId}:${partition}:repair:${repairId}:${inserts++}`;
  return {
    onProblems: async (range, problems) => {
      // They may have been made from what is mended now. First: after a crash the problems are found again, but not this.
      const offsets = problems.map(({ offset }) => offset);
      await forgetCounts(warehouse, logId, partition, Math.min(...offsets), Math.max(...offsets) + 1);
      await removeRows(
        warehouse,
        range,
        problems.filter(({ kind }) => kind !== 'missing').map(({ offset }) => offset),
        counts,
      );
      await insertRows(warehouse, range, problems, token(), counts);
    },
    onLedgerProblem: async (problem) => {
      await mendLedger(warehouse, logId, partition, problem, token(), counts);
    },
  };
}

async function removeRows(
  warehouse: Warehouse,
  { logId, partition }: RowRange,
  offsets: readonly number[],
  counts: RepairCounts,
): Promise<void> {
  for (let i = 0; i < offsets.length; i += OFFSETS_PER_DELETE) {
    const some = offsets.slice(i, i + OFFSETS_PER_DELETE);
    await warehouse.command(
      'ALTER TABLE ntk.access_results DELETE WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset IN {offsets:Array(UInt64)} SETTINGS mutations_sync = 2',
      { logId, partition, offsets: some },
    );
    counts.rowsRemoved += some.length;
  }
}

async function insertRows(
  warehouse: Warehouse,
  { logId, partition }: RowRange,
  problems: readonly RowProblem[],
  token: string,
  counts: RepairCounts,
): Promise<void> {
  const byTime = new Map<number, Buffer[]>();
  for (const { expected } of problems) {
    if (expected === null) continue;
    const rows = byTime.get(expected.scoredAtMs) ?? [];
    rows.push(expected.bytes);
    byTime.set(expected.scoredAtMs, rows);
  }
  for (const [scoredAtMs, bytes] of byTime) {
    const insert = { logId, partition, bytes, scoredAtMs: String(scoredAtMs), token: `${token}:${scoredAtMs}` };
    await warehouse.insertRows(resultRowsInsert(insert));
    counts.rowsInserted += bytes.length;
  }
}

async function mendLedger(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  problem: LedgerProblem,
  token: string,
  counts: RepairCounts,
): Promise<void> {
  if (problem.expected === null && problem.kind !== 'unexpected') {
    counts.beyondRepair++;
    return;
  }
  const place = { logId, partition, first: problem.first, stateTo: problem.stateTo };
  // Of some the log has no block any more. So nothing is removed before the right one is there: who dies between leaves two of it.
  const parts = await partsWith(warehouse, place);
  counts.ledgerEntries++;
  if (problem.expected !== null) await warehouse.insertRows(ledgerInsert([problem.expected], token, problem.erasures));
  if (parts.length === 0) return;
  // Of a part that was merged meanwhile the name is another, and the newest entry is the one that it kept.
  await warehouse.command(
    `ALTER TABLE ntk.blocks DELETE WHERE ${AT_PLACE} AND _part IN {parts:Array(String)} SETTINGS mutations_sync = 2`,
    { ...place, parts },
  );
}

const AT_PLACE =
  'log_id = {logId:UUID} AND partition = {partition:UInt16} AND first = {first:UInt64} AND state_to = {stateTo:UInt64}';

/** Names of the table's parts that have an entry of this place. */
async function partsWith(
  warehouse: Warehouse,
  place: { readonly logId: string; readonly partition: number; readonly first: number; readonly stateTo: number },
): Promise<string[]> {
  const rows = await warehouse.query<{ part: string }>(`SELECT DISTINCT _part AS part FROM ntk.blocks WHERE ${AT_PLACE}`, place);
  return rows.map(({ part }) => part);
}
