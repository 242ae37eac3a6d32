/**
 * Whose rows were erased. A block of the log names them, its ledger entry only says how many they were: where the log has no such block any
 * more, folding it again tells, before any row is looked at. Rows of before would seem to be missing, and be put back.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { entryKey, type LedgerEntry } from './ledger.ts';
import type { Refold } from './refold.ts';

/**
 * The headers with all erasures that can be told.
 * @param startAgain to fold what can be folded, from its beginning
 * @param onOther told of a block whose entry says that they were more or fewer
 */
export async function withErasures(
  headers: readonly BlockHeader[],
  ledger: readonly LedgerEntry[],
  startAgain: () => Promise<Refold | null>,
  onOther: (header: BlockHeader) => void,
): Promise<readonly BlockHeader[]> {
  const counts = new Map(ledger.map(({ header, erasures }) => [entryKey(header), erasures]));
  const isUntold = (header: BlockHeader): boolean => header.erasures.length < (counts.get(entryKey(header)) ?? 0);
  const last = headers.findLast(isUntold);
  const refold = last === undefined ? null : await startAgain();
  if (last === undefined || refold === null) return headers;
  const from = refold.position;
  const told: BlockHeader['erasures'][number][] = [];
  await refold.upTo(last.next, ({ erasures }) => void told.push(...erasures));
  return headers.map((header) => {
    if (!isUntold(header)) return header;
    const erasures = told.filter(({ offset }) => offset >= header.first && offset < header.next);
    if (header.first >= from && erasures.length !== counts.get(entryKey(header))) onOther(header);
    return { ...header, erasures };
  });
}
