/**
 * Proves one partition's stored rows and ledger entries: by folding the log again where it still reaches back to the
 * beginning, otherwise by the hash that the ledger chains over the rows.
 */
import canonicalize from 'canonicalize';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import { FIRST_ENTRY_HASH } from '../domain/results/block.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { proveByChain } from './chain-proof.ts';
import { compareRows, type ExpectedRow, readStoredRows, type RowProblem, type RowRange } from './compare-rows.ts';
import { isChained, type LedgerEntry, readBlockHeaders, readLedger } from './ledger.ts';
import { Refold } from './refold.ts';

export interface AuditOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  /** Source offsets that are stored as of the start of the audit: later ones are left out. */
  readonly storedUpTo: number;
  readonly onProgress?: (records: number) => void;
  /** Given every problem of a range; a repair mends it. */
  readonly onProblems?: (range: RowRange, problems: readonly RowProblem[]) => Promise<void>;
  readonly onLedgerProblem?: (problem: LedgerProblem) => Promise<void>;
}

export interface LedgerProblem {
  readonly kind: 'missing' | 'different' | 'doubled' | 'unexpected';
  readonly first: number;
  /** What the entry should be; null when nothing should be there. */
  readonly expected: BlockHeader | null;
}

export interface PartitionAudit {
  readonly partition: number;
  /** `log`: folded again. `chain`: the log is gone, the ledger's chain over the stored rows was followed. */
  readonly proof: 'log' | 'chain';
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

const ROWS_PER_COMPARISON = 20_000;

export function isClean(audit: PartitionAudit): boolean {
  return (
    audit.missing + audit.doubled + audit.different + audit.unexpected + audit.notErased === 0 &&
    audit.ledgerMissing + audit.ledgerDifferent + audit.ledgerDoubled + audit.ledgerUnexpected === 0 &&
    audit.gaps.length + audit.unproved.length === 0
  );
}

export async function auditPartition(options: AuditOptions): Promise<PartitionAudit> {
  const { log, warehouse, partition } = options;
  const audit: PartitionAudit & { rows: number; proof: 'log' | 'chain' } = {
    partition,
    proof: 'log',
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
  const { start } = await log.bounds('access', partition);
  if (start === 0 && headers.every((header) => header.engine === ENGINE_VERSION)) {
    await proveByLog(options, headers, audit);
  } else {
    audit.proof = 'chain';
    await proveByChain(
      options,
      headers,
      audit,
      ledger.some(({ erasures }) => erasures > 0),
    );
  }
  await findBeyond(options, audit);
  return audit;
}

/** Compares the ledger with the blocks of the log; answers the headers that hold, in order. */
async function auditLedger(options: AuditOptions, ledger: readonly LedgerEntry[], audit: PartitionAudit): Promise<BlockHeader[]> {
  const report = async (problem: LedgerProblem): Promise<void> => {
    if (problem.kind === 'missing') audit.ledgerMissing++;
    else if (problem.kind === 'doubled') audit.ledgerDoubled++;
    else if (problem.kind === 'unexpected') audit.ledgerUnexpected++;
    else audit.ledgerDifferent++;
    await options.onLedgerProblem?.(problem);
  };
  const stored = new Map(ledger.map((entry) => [entry.header.first, entry]));
  const headers: BlockHeader[] = [];
  for await (const header of readBlockHeaders(options.log, options.partition)) {
    if (header.next > options.storedUpTo) {
      // Stored while this audit runs: there by right, and not looked at.
      stored.delete(header.first);
      continue;
    }
    headers.push(header);
    const entry = stored.get(header.first);
    stored.delete(header.first);
    if (entry === undefined) await report({ kind: 'missing', first: header.first, expected: header });
    else if (!sameFigures(entry.header, header)) await report({ kind: 'different', first: header.first, expected: header });
    else if (entry.copies > 1) await report({ kind: 'doubled', first: header.first, expected: header });
  }
  // Blocks that the log no longer has: the ledger's own chain proves its entries.
  const older = ledger.filter(
    ({ header }) => stored.has(header.first) && header.next <= (headers[0]?.first ?? options.storedUpTo),
  );
  let before = FIRST_ENTRY_HASH;
  for (const { header, copies } of older) {
    stored.delete(header.first);
    if (!isChained(before, header)) await report({ kind: 'different', first: header.first, expected: null });
    else if (copies > 1) await report({ kind: 'doubled', first: header.first, expected: header });
    before = header.entryHash;
  }
  for (const first of stored.keys()) await report({ kind: 'unexpected', first, expected: null });
  const all = [...older.map(({ header }) => header), ...headers];
  audit.ledgerEntries = all.length;
  findGaps(all, options.storedUpTo, audit);
  return all;
}

function sameFigures(a: BlockHeader, b: BlockHeader): boolean {
  const figures = (header: BlockHeader): string | undefined => canonicalize({ ...header, erasures: [], liveArrivals: [] });
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

async function proveByLog(
  options: AuditOptions,
  headers: readonly BlockHeader[],
  audit: PartitionAudit & { rows: number },
): Promise<void> {
  const refold = new Refold(options);
  const pending = new PendingRows(
    options,
    audit,
    headers.flatMap(({ erasures }) => erasures),
  );
  for (const header of headers) {
    const pieces: BatchOutcome[] = [];
    const complete = await refold.upTo(header.next, (piece) => {
      pieces.push(piece);
      pending.add(piece, header.scoredAtMs);
      audit.rows += piece.rowOffsets.length;
      options.onProgress?.(piece.rowOffsets.length);
    });
    if (!complete) {
      audit.unproved.push({ from: refold.position, to: header.next, why: 'the log ends before' });
      return;
    }
    if (pieces.length > 0 && !agrees(pieces, header)) {
      audit.unproved.push({
        from: header.first,
        to: header.next,
        why: 'folding the log again gives other figures than its block says',
      });
    }
    if (pending.count >= ROWS_PER_COMPARISON) await pending.compare(refold.position);
  }
  await pending.compare(refold.position);
}

/** Rows behind the end of the log, which no record can have made. Rows that are stored meanwhile lie before it. */
async function findBeyond(
  { log, warehouse, partition, storedUpTo, onProblems }: AuditOptions,
  audit: PartitionAudit,
): Promise<void> {
  const rows = await warehouse.query<{ offset: string }>(
    'SELECT offset FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset >= {storedUpTo:UInt64} ORDER BY offset DESC LIMIT {max:UInt32}',
    { logId: log.logId, partition, storedUpTo, max: ROWS_PER_COMPARISON },
  );
  const { end } = await log.bounds('access', partition);
  const beyond = rows.map(({ offset }) => Number(offset)).filter((offset) => offset >= end);
  if (beyond.length === 0) return;
  audit.unexpected += beyond.length;
  const range: RowRange = { logId: log.logId, partition, from: end, to: beyond[0]! + 1 };
  await onProblems?.(
    range,
    beyond.map((offset) => ({ kind: 'unexpected', offset, expected: null })),
  );
}

/** Whether what was folded again is what the block says. */
function agrees(pieces: readonly BatchOutcome[], header: BlockHeader): boolean {
  const sum = (of: (piece: BatchOutcome) => number): number => pieces.reduce((total, piece) => total + of(piece), 0);
  const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    pieces.at(-1)!.rowsHash === header.rowsHash &&
    canonicalize(pieces.flatMap(({ erasures }) => erasures)) === canonicalize(header.erasures) &&
    sum((piece) => piece.rowOffsets.length) === header.accesses &&
    sum((piece) => piece.duplicates) === header.duplicates &&
    sum((piece) => piece.staleFacts) === header.staleFacts &&
    sum((piece) => piece.heartbeats) === header.heartbeats &&
    sum((piece) => piece.copies) === header.policyCopies &&
    sum((piece) => total(piece.facts)) === total(header.facts) &&
    sum((piece) => total(piece.rejects)) === total(header.rejects)
  );
}

/** Expected rows that wait to be compared with the stored ones, a range at a time. */
class PendingRows {
  readonly #options: AuditOptions;
  readonly #audit: PartitionAudit;
  /** By user: rows before this offset were erased. */
  readonly #erasedUpTo = new Map<string, number>();
  #rows: ExpectedRow[] = [];
  #erased = new Set<number>();
  #from = 0;

  /** @param erasures of the whole range that is audited: a row is gone by right when its user had it erased later */
  constructor(options: AuditOptions, audit: PartitionAudit, erasures: BlockHeader['erasures']) {
    this.#options = options;
    this.#audit = audit;
    for (const { offset, user } of erasures) this.#erasedUpTo.set(user, Math.max(offset, this.#erasedUpTo.get(user) ?? 0));
  }

  get count(): number {
    return this.#rows.length + this.#erased.size;
  }

  add(piece: BatchOutcome, scoredAtMs: number): void {
    const bytes = Buffer.from(piece.rows.written());
    piece.rowOffsets.forEach((offset, i) => {
      const user = piece.rowUsers[i]!;
      if (offset < (this.#erasedUpTo.get(user) ?? 0)) this.#erased.add(offset);
      else
        this.#rows.push({
          offset,
          bytes: bytes.subarray(i === 0 ? 0 : piece.rowEnds[i - 1], piece.rowEnds[i]),
          scoredAtMs,
        });
    });
  }

  async compare(to: number): Promise<void> {
    const { log, warehouse, partition, onProblems } = this.#options;
    const range: RowRange = { logId: log.logId, partition, from: this.#from, to };
    const problems = compareRows(this.#rows, await readStoredRows(warehouse, range, false));
    const notErased = new Set(problems.map(({ offset }) => offset).filter((offset) => this.#erased.has(offset)));
    for (const { kind, offset } of problems) if (!notErased.has(offset)) this.#audit[kind]++;
    this.#audit.notErased += notErased.size;
    this.#audit.erased += this.#erased.size - notErased.size;
    if (problems.length > 0) await onProblems?.(range, problems);
    this.#rows = [];
    this.#erased = new Set();
    this.#from = to;
  }
}
