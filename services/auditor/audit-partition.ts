/**
 * Proves one partition's stored rows and ledger entries: by folding the log again where it still reaches back to the
 * beginning, otherwise by the hash that the ledger chains over the rows.
 */
import canonicalize from 'canonicalize';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { proveByChain } from './chain-proof.ts';
import { compareRows, type ExpectedRow, readStoredRows, type RowProblem, type RowRange } from './compare-rows.ts';
import { FIRST_ENTRY_HASH, isChained, type LedgerEntry, readBlockHeaders, readLedger } from './ledger.ts';
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
  /** Ranges in which neither the log nor the ledger has a block. */
  gaps: { readonly from: number; readonly to: number }[];
  /** Ranges that could not be proved, and why. */
  unproved: { readonly from: number; readonly to: number; readonly why: string }[];
}

const ROWS_PER_COMPARISON = 20_000;

export function isClean(audit: PartitionAudit): boolean {
  return (
    audit.missing + audit.doubled + audit.different + audit.unexpected + audit.notErased === 0 &&
    audit.ledgerMissing + audit.ledgerDifferent + audit.ledgerDoubled === 0 &&
    audit.gaps.length + audit.unproved.length === 0
  );
}

export async function auditPartition(options: AuditOptions): Promise<PartitionAudit> {
  const { log, warehouse, partition } = options;
  const audit: PartitionAudit & { rows: number; proof: 'log' | 'chain' } = {
    partition, proof: 'log', rows: 0, missing: 0, doubled: 0, different: 0, unexpected: 0, erased: 0, notErased: 0,
    ledgerEntries: 0, ledgerMissing: 0, ledgerDifferent: 0, ledgerDoubled: 0, gaps: [], unproved: [],
  };
  const ledger = (await readLedger(warehouse, log.logId, partition)).filter(({ header }) => header.first < options.storedUpTo);
  const headers = await auditLedger(options, ledger, audit);
  const { start } = await log.bounds('access', partition);
  if (start === 0 && headers.every((header) => header.engine === ENGINE_VERSION)) {
    await proveByLog(options, headers, audit);
  } else {
    audit.proof = 'chain';
    await proveByChain(options, headers, audit);
  }
  return audit;
}

/** Compares the ledger with the blocks of the log; answers the headers that hold, in order. */
async function auditLedger(options: AuditOptions, ledger: readonly LedgerEntry[], audit: PartitionAudit): Promise<BlockHeader[]> {
  const report = async (problem: LedgerProblem): Promise<void> => {
    if (problem.kind === 'missing') audit.ledgerMissing++;
    else if (problem.kind === 'doubled') audit.ledgerDoubled++;
    else audit.ledgerDifferent++;
    await options.onLedgerProblem?.(problem);
  };
  const stored = new Map(ledger.map((entry) => [entry.header.first, entry]));
  const headers: BlockHeader[] = [];
  for await (const header of readBlockHeaders(options.log, options.partition)) {
    if (header.next > options.storedUpTo) break;
    headers.push(header);
    const entry = stored.get(header.first);
    stored.delete(header.first);
    if (entry === undefined) await report({ kind: 'missing', first: header.first, expected: header });
    else if (!sameFigures(entry.header, header)) await report({ kind: 'different', first: header.first, expected: header });
    else if (entry.copies > 1) await report({ kind: 'doubled', first: header.first, expected: header });
  }
  // Blocks that the log no longer has: the ledger's own chain proves its entries.
  const older = ledger.filter(({ header }) => stored.has(header.first) && header.next <= (headers[0]?.first ?? options.storedUpTo));
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

async function proveByLog(options: AuditOptions, headers: readonly BlockHeader[], audit: PartitionAudit & { rows: number }): Promise<void> {
  const refold = new Refold(options);
  const erasures: { readonly offset: number; readonly user: string }[] = [];
  const pending = new PendingRows(options, audit);
  for (const header of headers) {
    const pieces: BatchOutcome[] = [];
    const complete = await refold.upTo(header.next, (piece) => {
      pieces.push(piece);
      erasures.push(...piece.erasures);
      pending.add(piece, header.scoredAtMs);
      audit.rows += piece.rowOffsets.length;
      options.onProgress?.(piece.rowOffsets.length);
    });
    if (!complete) {
      audit.unproved.push({ from: refold.position, to: header.next, why: 'the log ends before' });
      return;
    }
    if (pieces.length > 0 && !agrees(pieces, header)) {
      audit.unproved.push({ from: header.first, to: header.next, why: 'folding the log again gives other figures than its block says' });
    }
    if (pending.count >= ROWS_PER_COMPARISON) await pending.compare(refold.position);
  }
  await pending.compare(refold.position);
  await pending.settleErasures(erasures);
}

/** Whether what was folded again is what the block says. */
function agrees(pieces: readonly BatchOutcome[], header: BlockHeader): boolean {
  const sum = (of: (piece: BatchOutcome) => number): number => pieces.reduce((total, piece) => total + of(piece), 0);
  const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    pieces.at(-1)!.rowsHash === header.rowsHash &&
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
  #rows: ExpectedRow[] = [];
  #from = 0;
  /** Missing so far: gone by right when their user had them erased later. */
  #missing: { readonly range: RowRange; readonly problem: RowProblem }[] = [];

  constructor(options: AuditOptions, audit: PartitionAudit) {
    this.#options = options;
    this.#audit = audit;
  }

  get count(): number {
    return this.#rows.length;
  }

  add(piece: BatchOutcome, scoredAtMs: number): void {
    const bytes = Buffer.from(piece.rows.written());
    piece.rowOffsets.forEach((offset, i) => {
      const row = bytes.subarray(i === 0 ? 0 : piece.rowEnds[i - 1], piece.rowEnds[i]);
      this.#rows.push({ offset, bytes: row, user: piece.rowUsers[i]!, scoredAtMs });
    });
  }

  async compare(to: number): Promise<void> {
    const { log, warehouse, partition, onProblems } = this.#options;
    const range: RowRange = { logId: log.logId, partition, from: this.#from, to };
    const problems = compareRows(this.#rows, await readStoredRows(warehouse, range, false));
    const standing = problems.filter((problem) => problem.kind !== 'missing');
    for (const problem of problems) {
      if (problem.kind === 'missing') this.#missing.push({ range, problem });
      else this.#audit[problem.kind]++;
    }
    if (standing.length > 0) await onProblems?.(range, standing);
    this.#rows = [];
    this.#from = to;
  }

  /** Now that all erasures are known: which rows are missing by right, and which should be gone. */
  async settleErasures(erasures: readonly { readonly offset: number; readonly user: string }[]): Promise<void> {
    const { log, warehouse, partition, onProblems } = this.#options;
    const upTo = new Map<string, number>();
    for (const { offset, user } of erasures) upTo.set(user, Math.max(offset, upTo.get(user) ?? 0));
    for (const { range, problem } of this.#missing) {
      if (problem.offset < (upTo.get(problem.expected!.user) ?? 0)) {
        this.#audit.erased++;
        continue;
      }
      this.#audit.missing++;
      await onProblems?.(range, [problem]);
    }
    for (const [user, offset] of upTo) {
      const [row] = await warehouse.query<{ n: string }>(
        'SELECT count() AS n FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset < {offset:UInt64} AND user = {user:String}',
        { logId: log.logId, partition, offset, user },
      );
      this.#audit.notErased += Number(row?.n ?? 0);
    }
  }
}
