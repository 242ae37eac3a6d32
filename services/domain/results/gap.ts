/** The entry of an accepted gap: a block without rows, chained like any other; behind it the chain over the rows begins anew. */
import { CATALOGUE_HASH } from '../../../schemas/catalogue/index.ts';
import type { AcceptedGap, BlockHeader, LedgerFigures } from '../../../schemas/results/block.ts';
import { ENGINE_VERSION } from '../engine.ts';
import { entryHash } from './block.ts';
import { chainAfterGap } from './row-chain.ts';

export interface GapEntry {
  readonly logId: string;
  readonly partition: number;
  /** Source offsets without verdicts or rows, from (included) to (not). Equal where only the state lost something. */
  readonly first: number;
  readonly next: number;
  readonly gap: AcceptedGap;
  readonly acceptedAtMs: number;
  /** Whose facts counted in the state behind it; empty where the entry goes into the ledger alone. */
  readonly authority: string;
  /** Of the entry before. */
  readonly rowsHashBefore: string;
  readonly entryHashBefore: string;
}

export function gapHeader({ rowsHashBefore, entryHashBefore, acceptedAtMs, authority, ...entry }: GapEntry): BlockHeader {
  const { link } = chainAfterGap(rowsHashBefore, entry.next, entry.gap);
  const figures: LedgerFigures = {
    ...entry,
    engine: ENGINE_VERSION,
    catalogueHash: CATALOGUE_HASH,
    accesses: 0,
    facts: {},
    staleFacts: 0,
    duplicates: 0,
    rejects: {},
    heartbeats: 0,
    policyCopies: 0,
    liveRecords: 0,
    scoredAtMs: acceptedAtMs,
    eventTimeMinMs: null,
    eventTimeMaxMs: null,
    rowsHash: link.toString('hex'),
  };
  return { ...figures, entryHash: entryHash(entryHashBefore, figures), authority, erasures: [], liveArrivals: [] };
}
