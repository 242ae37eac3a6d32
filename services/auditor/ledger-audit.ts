/** Whether the ledger has an entry for each block of the log, as it was, and whether its entries follow from each other by hash. */
import canonicalize from 'canonicalize';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { FIRST_ENTRY_HASH, figuresOf } from '../domain/results/block.ts';
import { entryKey, isChained, type LedgerEntry, standsForLostBlocks } from './ledger.ts';
import type { LedgerAuditOptions, LedgerProblem, PartitionAudit } from './partition-audit.ts';

/** Compares the ledger with the blocks that the log has, in order; answers the headers that hold, in order. */
export async function auditLedger(
  options: LedgerAuditOptions,
  blocks: AsyncIterable<BlockHeader> | Iterable<BlockHeader>,
  ledger: readonly LedgerEntry[],
  audit: PartitionAudit,
): Promise<BlockHeader[]> {
  const problems: LedgerProblem[] = [];
  const report = (problem: LedgerProblem): void => void problems.push(problem);
  const stored = new Map(ledger.map((entry) => [entryKey(entry.header), entry]));
  const headers: BlockHeader[] = [];
  for await (const header of blocks) {
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
  const ownOf = new Map(own.map((entry) => [entry.header, entry]));
  const changed = new Set<BlockHeader>();
  for (const [i, header] of all.entries()) {
    const entry = ownOf.get(header);
    const before = all[i - 1];
    // What stands behind lost blocks is chained to their entries, which nobody has.
    const isOpen = before !== undefined && standsForLostBlocks(before) && !standsForLostBlocks(header);
    const isUnchained = !isOpen && !isChained(before?.entryHash ?? FIRST_ENTRY_HASH, header);
    if (entry === undefined) {
      // Where entries are missing between them nobody can tell.
      if (isUnchained && (before?.next ?? 0) === header.first) changed.add(header);
    } else if (isUnchained) report({ kind: 'different', ...placeOf(header), expected: null });
    else if (entry.copies > 1) report({ kind: 'doubled', ...placeOf(header), expected: header, erasures: entry.erasures });
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
  { onLedgerProblem }: LedgerAuditOptions,
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
