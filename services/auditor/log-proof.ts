/** Proof by folding the log again: what comes out must equal the stored rows byte for byte, and what the blocks say of them. */
import canonicalize from 'canonicalize';
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import { userOfRow } from '../domain/results/user-of-row.ts';
import type { AuditOptions, PartitionAudit } from './audit-partition.ts';
import { compareRows, type ExpectedRow, readStoredRows, type RowRange } from './compare-rows.ts';
import type { Refold } from './refold.ts';

export const ROWS_PER_COMPARISON = 20_000;

/** `headers` follow `refold`, which stands where the first of them begins. */
export async function proveByLog(
  options: AuditOptions,
  refold: Refold,
  headers: readonly BlockHeader[],
  audit: PartitionAudit & { rows: number },
): Promise<void> {
  const pending = new PendingRows(
    options,
    audit,
    headers.flatMap(({ erasures }) => erasures),
    refold.position,
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

/** Whether what was folded again is what the block says. */
function agrees(pieces: readonly BatchOutcome[], header: BlockHeader): boolean {
  const sum = (of: (piece: BatchOutcome) => number): number => pieces.reduce((total, piece) => total + of(piece), 0);
  return (
    pieces.at(-1)!.rowsHash === header.rowsHash &&
    canonicalize(pieces.flatMap(({ erasures }) => erasures)) === canonicalize(header.erasures) &&
    sum((piece) => piece.rowOffsets.length) === header.accesses &&
    sum((piece) => piece.duplicates) === header.duplicates &&
    sum((piece) => piece.staleFacts) === header.staleFacts &&
    sum((piece) => piece.heartbeats) === header.heartbeats &&
    sum((piece) => piece.copies) === header.policyCopies &&
    canonicalize(byName(pieces.map(({ facts }) => facts))) === canonicalize(byName([header.facts])) &&
    canonicalize(byName(pieces.map(({ rejects }) => rejects))) === canonicalize(byName([header.rejects]))
  );
}

/** Sums of counts that have a name; what was counted as 0 is left out. */
function byName(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, n] of counts.flatMap((one) => Object.entries(one))) sums.set(name, (sums.get(name) ?? 0) + n);
  return Object.fromEntries([...sums].filter(([, n]) => n !== 0));
}

/** Expected rows that wait to be compared with the stored ones, a range at a time. */
class PendingRows {
  readonly #options: AuditOptions;
  readonly #audit: PartitionAudit;
  /** By user: rows before this offset were erased. */
  readonly #erasedUpTo = new Map<string, number>();
  #rows: ExpectedRow[] = [];
  #erased = new Set<number>();
  #from: number;

  /** @param erasures of the whole range that is audited: a row is gone by right when its user had it erased later */
  constructor(options: AuditOptions, audit: PartitionAudit, erasures: BlockHeader['erasures'], from: number) {
    this.#options = options;
    this.#audit = audit;
    this.#from = from;
    for (const { offset, user } of erasures) this.#erasedUpTo.set(user, Math.max(offset, this.#erasedUpTo.get(user) ?? 0));
  }

  get count(): number {
    return this.#rows.length + this.#erased.size;
  }

  add(piece: BatchOutcome, scoredAtMs: number): void {
    const bytes = Buffer.from(piece.rows.written());
    // Whose rows they are matters only where somebody was erased.
    const isAnybodyErased = this.#erasedUpTo.size > 0;
    piece.rowOffsets.forEach((offset, i) => {
      const start = i === 0 ? 0 : piece.rowEnds[i - 1]!;
      if (isAnybodyErased && offset < (this.#erasedUpTo.get(userOfRow(bytes, start)) ?? 0)) this.#erased.add(offset);
      else this.#rows.push({ offset, bytes: bytes.subarray(start, piece.rowEnds[i]), scoredAtMs });
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
