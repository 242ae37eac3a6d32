/**
 * Proves one partition's stored rows and ledger entries: by folding the log again from its beginning, or from the oldest checkpoint
 * that it still reaches back to and that lies behind the newest accepted gap; what lies before, by the hash that the ledger
 * chains over the rows, and by the rows of the blocks that the log still has.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { type Authority, authorityMark } from '../domain/authority/authority.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { decodeWriterNote } from '../platform/log/writer-note.ts';
import { lastErasureIn, proveByChain } from './chain-proof.ts';
import type { RowRange } from './compare-rows.ts';
import { LaterErasures } from './later-erasures.ts';
import { BlocksOfLog, type LedgerEntry, readBlockHeaders, readLedger } from './ledger.ts';
import { auditLedger } from './ledger-audit.ts';
import { OTHER_FIGURES, proveByLog } from './log-proof.ts';
import { type Audit, type AuditOptions, nothingFound, type PartitionAudit } from './partition-audit.ts';
import { ROWS_PER_COMPARISON } from './pending-rows.ts';
import { oldestStart, otherMaker, type Refold } from './refold.ts';
import { withErasures } from './told-erasures.ts';

export async function auditPartition(asked: AuditOptions): Promise<PartitionAudit> {
  const { log, warehouse, partition, laterFrom } = asked;
  const later = new LaterErasures(log, partition, laterFrom);
  const options = { ...asked, erasedMeanwhile: () => later.below() };
  const audit = nothingFound(partition);
  const ledger = await readLedger(warehouse, log.logId, partition);
  const headers = await auditLedger(options, readBlockHeaders(log, partition), ledger, audit);
  await prove(options, headers, audit, ledger);
  await findBeyond(options, audit);
  return audit;
}

/** By the chain up to where the log can be folded again from, by the log from there on. */
async function prove(
  options: AuditOptions,
  known: readonly BlockHeader[],
  audit: Audit,
  ledger: readonly LedgerEntry[],
): Promise<void> {
  const start = (): Promise<Refold | null> => oldestStart(options, known);
  const refold = await start();
  const headers = await withErasures(known, ledger, start, ({ first, next }) =>
    audit.unproved.push({ from: first, to: next, why: OTHER_FIGURES }),
  );
  const from = refold?.position ?? Number.POSITIVE_INFINITY;
  // An empty gap at the place belongs to what is before: the state there is the one behind it.
  const older = headers.filter((header) => header.first < from || (header.first === from && header.gap !== undefined));
  const newer = headers.slice(older.length);
  if (older.length > 0) {
    audit.proof = newer.length > 0 ? 'both' : 'chain';
    audit.chainBecause = whyNotFolded(older, options.authority);
    const erased = { erasedUpTo: lastErasureIn(ledger), erasures: headers.flatMap((header) => header.erasures) };
    await proveByChain(options, new BlocksOfLog(options.log, options.partition), older, audit, erased);
  }
  audit.provedByLogFrom = newer[0]?.first ?? options.storedUpTo;
  if (refold !== null) await proveByLog(options, refold, newer, audit);
}

/** Why blocks cannot be folded again. */
function whyNotFolded(headers: readonly BlockHeader[], authority: Authority): PartitionAudit['chainBecause'] {
  const mark = authorityMark(authority);
  const reasons = headers.map((header) => otherMaker(header, mark));
  return reasons.find((reason) => reason === 'other_engine') ?? reasons.find((reason) => reason !== null) ?? 'log_gone';
}

const UINT64_MAX = '18446744073709551615';

/**
 * Rows behind what the log says is stored: of records that nobody has judged, or that are not there. Where a writer is at work meanwhile,
 * only those behind the log's end.
 */
async function findBeyond(
  { log, warehouse, partition, storedUpTo, onProblems }: AuditOptions,
  audit: PartitionAudit,
): Promise<void> {
  for (let upTo = UINT64_MAX; ; ) {
    const rows = await warehouse.query<{ offset: string }>(
      'SELECT offset FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset >= {storedUpTo:UInt64} AND offset <= {upTo:UInt64} ORDER BY offset DESC LIMIT {max:UInt32}',
      { logId: log.logId, partition, storedUpTo, upTo, max: ROWS_PER_COMPARISON },
    );
    // Only now: a writer notes what it is about to insert before it does.
    const from = (await isStoring(log, partition, storedUpTo)) ? (await log.bounds('access', partition)).end : storedUpTo;
    const beyond = rows.map(({ offset }) => Number(offset)).filter((offset) => offset >= from);
    if (beyond.length === 0) return;
    audit.unexpected += beyond.length;
    const range: RowRange = { logId: log.logId, partition, from, to: beyond[0]! + 1 };
    await onProblems?.(
      range,
      beyond.map((offset) => ({ kind: 'unexpected', offset, expected: null })),
    );
    if (beyond.length < ROWS_PER_COMPARISON) return;
    upTo = String(BigInt(rows.at(-1)!.offset) - 1n);
  }
}

/** Whether a writer has gone on since, or is about to. */
async function isStoring(log: EventLog, partition: number, storedUpTo: number): Promise<boolean> {
  const position = await log.position('writer', partition);
  if (position === null) return false;
  const { next, to } = decodeWriterNote(position.note);
  return next !== storedUpTo || to !== undefined;
}
