/**
 * Proves one partition's stored rows and ledger entries: by folding the log again from its beginning, or from the oldest checkpoint
 * that it still reaches back to and that lies behind the newest accepted gap; what lies before, by the hash that the ledger
 * chains over the rows, and by the rows of the blocks that the log still has.
 */
import canonicalize from 'canonicalize';
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { AcceptedGap, BlockHeader } from '../../schemas/results/block.ts';
import { type Authority, authorityMark } from '../domain/authority/authority.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import { FIRST_ENTRY_HASH, figuresOf } from '../domain/results/block.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { decodeWriterNote } from '../platform/log/writer-note.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { proveByChain } from './chain-proof.ts';
import type { RowProblem, RowRange } from './compare-rows.ts';
import { entryKey, isChained, type LedgerEntry, readBlockHeaders, readLedger, standsForLostBlocks } from './ledger.ts';
import { proveByLog } from './log-proof.ts';
import { ROWS_PER_COMPARISON } from './pending-rows.ts';
import { type KeptStates, oldestStart } from './refold.ts';

export interface AuditOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  /** Source offsets that are stored as of the start of the audit: later ones are left out. */
  readonly storedUpTo: number;
  /** Checkpoints of the partition, to begin from where the log's beginning is gone. */
  readonly keptStates: KeptStates;
  readonly onProgress?: (records: number) => void;
  /** Given every problem of a range; a repair mends it. */
  readonly onProblems?: (range: RowRange, problems: readonly RowProblem[]) => Promise<void>;
  readonly onLedgerProblem?: (problem: LedgerProblem) => Promise<void>;
}

export interface LedgerProblem {
  readonly kind: 'missing' | 'different' | 'doubled' | 'unexpected';
  readonly first: number;
  /** 0 of a block; of a gap where what the state lacks ends: a gap may have the same `first` as the block behind it. */
  readonly stateTo: number;
  /** What the entry should be; null when nothing should be there. */
  readonly expected: BlockHeader | null;
}

/** What an accepted gap says of itself. */
export interface GapEntry extends AcceptedGap {
  readonly from: number;
  readonly to: number;
  readonly acceptedAt: string;
}

export interface PartitionAudit {
  readonly partition: number;
  /** `log`: folded again. `chain`: that cannot be, the ledger's chain over the rows was followed. `both`: one behind the other. */
  readonly proof: 'log' | 'chain' | 'both';
  /** Why what the chain proves cannot be folded again; null where all was. */
  readonly chainBecause: 'log_gone' | 'other_engine' | 'other_authority' | null;
  /** Offset from which on the proof is by the log. */
  readonly provedByLogFrom: number;
  /** Lost outside and accepted as lost, in the order of the log; none of them is counted as something wrong. */
  acceptedGaps: GapEntry[];
  readonly rows: number;
  missing: number;
  doubled: number;
  different: number;
  unexpected: number;
  /** Rows that users had erased: gone by right. */
  erased: number;
  /** Rows that an erasure should have removed. */
  notErased: number;
  ledgerEntries: number;
  ledgerMissing: number;
  ledgerDifferent: number;
  ledgerDoubled: number;
  /** Entries of which the log has no block. */
  ledgerUnexpected: number;
  /** Ranges in which neither the log nor the ledger has a block. */
  gaps: { readonly from: number; readonly to: number }[];
  /** Ranges that could not be proved, and why. */
  unproved: { readonly from: number; readonly to: number; readonly why: string }[];
}

export function isClean(audit: PartitionAudit): boolean {
  return (
    audit.missing + audit.doubled + audit.different + audit.unexpected + audit.notErased === 0 &&
    audit.ledgerMissing + audit.ledgerDifferent + audit.ledgerDoubled + audit.ledgerUnexpected === 0 &&
    audit.gaps.length + audit.unproved.length === 0
  );
}

type Audit = { -readonly [Key in keyof PartitionAudit]: PartitionAudit[Key] };

export async function auditPartition(options: AuditOptions): Promise<PartitionAudit> {
  const { log, warehouse, partition } = options;
  const audit: Audit = {
    partition,
    proof: 'log',
    chainBecause: null,
    provedByLogFrom: 0,
    acceptedGaps: [],
    rows: 0,
    missing: 0,
    doubled: 0,
    different: 0,
    unexpected: 0,
    erased: 0,
    notErased: 0,
    ledgerEntries: 0,
    ledgerMissing: 0,
    ledgerDifferent: 0,
    ledgerDoubled: 0,
    ledgerUnexpected: 0,
    gaps: [],
    unproved: [],
  };
  const ledger = await readLedger(warehouse, log.logId, partition);
  const headers = await auditLedger(options, ledger, audit);
  await prove(options, headers, audit, ledger);
  await findBeyond(options, audit);
  return audit;
}

/** By the chain up to where the log can be folded again from, by the log from there on. */
async function prove(
  options: AuditOptions,
  headers: readonly BlockHeader[],
  audit: Audit,
  ledger: readonly LedgerEntry[],
): Promise<void> {
  const refold = await oldestStart(options, headers);
  const from = refold?.position ?? Number.POSITIVE_INFINITY;
  // An empty gap at the place belongs to what is before: the state there is the one behind it.
  const older = headers.filter((header) => header.first < from || (header.first === from && header.gap !== undefined));
  const newer = headers.slice(older.length);
  if (older.length > 0) {
    audit.proof = newer.length > 0 ? 'both' : 'chain';
    audit.chainBecause = otherMaker(older, authorityMark(options.authority)) ?? 'log_gone';
    const hasErasures = ledger.some(({ erasures }) => erasures > 0);
    const erasures = headers.flatMap((header) => header.erasures);
    await proveByChain(options, older, audit, { hasErasures, erasures });
  }
  audit.provedByLogFrom = newer[0]?.first ?? options.storedUpTo;
  if (refold !== null) await proveByLog(options, refold, newer, audit);
}

/** What this release and configuration would fold otherwise than the blocks were. Of blocks that only the ledger has nobody knows. */
function otherMaker(headers: readonly BlockHeader[], mark: string): 'other_engine' | 'other_authority' | null {
  if (headers.some(({ engine, catalogueHash }) => engine !== ENGINE_VERSION || catalogueHash !== CATALOGUE_HASH))
    return 'other_engine';
  return headers.some(({ authority }) => authority !== '' && authority !== mark) ? 'other_authority' : null;
}

/** Compares the ledger with the blocks of the log; answers the headers that hold, in order. */
async function auditLedger(options: AuditOptions, ledger: readonly LedgerEntry[], audit: PartitionAudit): Promise<BlockHeader[]> {
  const problems: LedgerProblem[] = [];
  const report = (problem: LedgerProblem): void => void problems.push(problem);
  const stored = new Map(ledger.map((entry) => [entryKey(entry.header), entry]));
  const headers: BlockHeader[] = [];
  for await (const header of readBlockHeaders(options.log, options.partition)) {
    const key = entryKey(header);
    if (header.next > options.storedUpTo) {
      // Stored while this audit runs: there by right, and not looked at. Another entry in its place is nobody's here.
      if (stored.get(key)?.header.entryHash === header.entryHash) stored.delete(key);
      continue;
    }
    headers.push(header);
    const entry = stored.get(key);
    stored.delete(key);
    if (entry === undefined) report({ kind: 'missing', ...placeOf(header), expected: header });
    else if (!sameFigures(entry.header, header)) report({ kind: 'different', ...placeOf(header), expected: header });
    else if (entry.copies > 1) report({ kind: 'doubled', ...placeOf(header), expected: header });
  }
  // Entries whose blocks the log no longer has, or never had: the ledger's own chain proves them.
  const end = headers[0]?.first ?? options.storedUpTo;
  const own = ledger.filter(({ header }) => stored.has(entryKey(header)) && (header.next <= end || standsForLostBlocks(header)));
  for (const { header } of own) stored.delete(entryKey(header));
  const all = inOrder([...own.map(({ header }) => header), ...headers]);
  const copiesOf = new Map(own.map(({ header, copies }) => [header, copies]));
  const changed = new Set<BlockHeader>();
  for (const [i, header] of all.entries()) {
    const copies = copiesOf.get(header);
    const before = all[i - 1];
    // What stands behind lost blocks is chained to their entries, which nobody has.
    const isOpen = before !== undefined && standsForLostBlocks(before) && !standsForLostBlocks(header);
    const isUnchained = !isOpen && !isChained(before?.entryHash ?? FIRST_ENTRY_HASH, header);
    if (copies === undefined) {
      // Where entries are missing between them nobody can tell.
      if (isUnchained && (before?.next ?? 0) === header.first) changed.add(header);
    } else if (isUnchained) report({ kind: 'different', ...placeOf(header), expected: null });
    else if (copies > 1) report({ kind: 'doubled', ...placeOf(header), expected: header });
  }
  for (const { header } of stored.values()) report({ kind: 'unexpected', ...placeOf(header), expected: null });
  await tell(options, audit, problems, changed);
  audit.ledgerEntries = all.length;
  audit.acceptedGaps = all.flatMap(({ gap, first, next, scoredAtMs }) =>
    gap === undefined ? [] : [{ from: first, to: next, ...gap, acceptedAt: new Date(scoredAtMs).toISOString() }],
  );
  findGaps(all, options.storedUpTo, audit);
  return all;
}

/** Counts what is wrong and has it mended, but not by a block that is itself not what it was: the ledger's own entry may be right. */
async function tell(
  { onLedgerProblem }: AuditOptions,
  audit: PartitionAudit,
  problems: readonly LedgerProblem[],
  changed: ReadonlySet<BlockHeader>,
): Promise<void> {
  const why = 'its block in the log does not follow from the one before it: one of them was changed';
  for (const { first, next } of changed) audit.unproved.push({ from: first, to: next, why });
  for (const problem of problems) {
    if (problem.kind === 'missing') audit.ledgerMissing++;
    else if (problem.kind === 'doubled') audit.ledgerDoubled++;
    else if (problem.kind === 'unexpected') audit.ledgerUnexpected++;
    else audit.ledgerDifferent++;
    if (problem.expected === null || !changed.has(problem.expected)) await onLedgerProblem?.(problem);
  }
}

/** By place; a gap that covers no offset comes before the block that begins there. */
function inOrder(headers: readonly BlockHeader[]): BlockHeader[] {
  return headers.toSorted((a, b) => a.first - b.first || a.next - b.next || (a.gap?.stateTo ?? 0) - (b.gap?.stateTo ?? 0));
}

function placeOf(header: BlockHeader): Pick<LedgerProblem, 'first' | 'stateTo'> {
  return { first: header.first, stateTo: header.gap?.stateTo ?? 0 };
}

/** What a header says beyond its figures the ledger does not have. */
function sameFigures(a: BlockHeader, b: BlockHeader): boolean {
  const figures = (header: BlockHeader): string | undefined =>
    canonicalize({ ...figuresOf(header), entryHash: header.entryHash });
  return figures(a) === figures(b);
}

function findGaps(headers: readonly BlockHeader[], storedUpTo: number, audit: PartitionAudit): void {
  let next = 0;
  for (const header of headers) {
    if (header.first !== next) audit.gaps.push({ from: next, to: header.first });
    next = header.next;
  }
  if (next < storedUpTo) audit.gaps.push({ from: next, to: storedUpTo });
}

/**
 * Rows behind what the log says is stored: of records that nobody has judged, or that are not there. Where a writer is at work meanwhile,
 * only those behind the log's end.
 */
async function findBeyond(
  { log, warehouse, partition, storedUpTo, onProblems }: AuditOptions,
  audit: PartitionAudit,
): Promise<void> {
  const rows = await warehouse.query<{ offset: string }>(
    'SELECT offset FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset >= {storedUpTo:UInt64} ORDER BY offset DESC LIMIT {max:UInt32}',
    { logId: log.logId, partition, storedUpTo, max: ROWS_PER_COMPARISON },
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
}

/** Whether a writer has gone on since, or is about to. */
async function isStoring(log: EventLog, partition: number, storedUpTo: number): Promise<boolean> {
  const position = await log.position('writer', partition);
  if (position === null) return false;
  const { next, to } = decodeWriterNote(position.note);
  return next !== storedUpTo || to !== undefined;
}
