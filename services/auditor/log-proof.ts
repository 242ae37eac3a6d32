/** Proof by folding the log again: what comes out must equal the stored rows byte for byte, and what the blocks say of them. */
import canonicalize from 'canonicalize';
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { AuditOptions, PartitionAudit } from './partition-audit.ts';
import { PendingRows, type RowsOfOffsets } from './pending-rows.ts';
import type { Refold } from './refold.ts';

/** Another key of the users, another release, or a log that somebody changed: what comes out is not what was judged. */
export const OTHER_ROWS = 'folding the log again gives other rows than its block says';
export const OTHER_FIGURES = 'folding the log again gives other figures than its block says';

/**
 * `headers` follow `refold`, which stands where the first of them begins. Mended is only what the blocks' hash speaks for: rows that others
 * than the scorer's would come out of are no reason to replace what is stored.
 */
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
  let isSame = true;
  for (const header of headers) {
    const from = refold.position;
    const pieces: BatchOutcome[] = [];
    const folded: RowsOfOffsets[] = [];
    const complete = await refold.upTo(header.next, (piece) => {
      const { rowOffsets: offsets, rowEnds: ends } = piece;
      pieces.push(piece);
      folded.push({ bytes: Buffer.from(piece.rows.written()), offsets, ends });
      if (header.gap === undefined) audit.rows += offsets.length;
      options.onProgress?.(offsets.length);
    });
    const wasSame: boolean = isSame;
    // Blocks that were given up have no rows, also where the log has their records again, and no hash of any.
    isSame = complete && (header.gap === undefined ? refold.rowsHash === header.rowsHash : wasSame);
    if (isSame !== wasSame) await pending.compare(from, wasSame);
    if (header.gap === undefined) for (const rows of folded) pending.add(rows, header.scoredAtMs);
    if (!complete) {
      audit.unproved.push({ from: refold.position, to: headers.at(-1)!.next, why: 'the log ends before' });
      break;
    }
    if (header.gap === undefined && pieces.length > 0 && !agrees(pieces, header))
      audit.unproved.push({ from: header.first, to: header.next, why: isSame ? OTHER_FIGURES : OTHER_ROWS });
    await pending.compareIfMany(refold.position, isSame);
  }
  await pending.compare(refold.position, isSame);
}

/** Whether what was folded again is what the block says. */
function agrees(pieces: readonly BatchOutcome[], header: BlockHeader): boolean {
  const sum = (of: (piece: BatchOutcome) => number): number => pieces.reduce((total, piece) => total + of(piece), 0);
  const times = pieces.flatMap(({ eventTimeMinMs, eventTimeMaxMs }) => [eventTimeMinMs, eventTimeMaxMs]);
  const known = times.filter((ms) => ms !== null);
  return (
    // Reports count a block as a whole, or not at all, by its first and last event.
    (known.length === 0 ? null : Math.min(...known)) === header.eventTimeMinMs &&
    (known.length === 0 ? null : Math.max(...known)) === header.eventTimeMaxMs &&
    sum((piece) => piece.liveRecords) === header.liveRecords &&
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
