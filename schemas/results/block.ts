/**
 * A block: what a scorer makes of one batch of one partition, and what the ledger `ntk.blocks` says about it.
 * A block's record in `ntk.results.v1` is a header ({@link BlockHeader} as JSON, length first) and the rows' bytes
 * (see columns.ts), back to back. The codec is services/domain/results/block.ts.
 */
import type { RecordType, RejectReason } from '../codes.ts';
import type { News } from './news.ts';

/**
 * Records that were lost outside and accepted as lost (docs/gaps.md). The block that carries it has no rows and covers the offsets
 * that got no verdict, or whose verdicts were lost before they were stored; where only the state lost something, none.
 */
export interface AcceptedGap {
  /** The state behind it lacks the records from here (included) up to `stateTo` (not); where both are equal it is whole. */
  readonly stateFrom: number;
  /** Never 0. */
  readonly stateTo: number;
  readonly by: string;
  readonly reason: string;
}

export interface BlockHeader {
  readonly logId: string;
  readonly partition: number;
  /** First source offset the block covers; equals the `next` of the block before it (0 for the first). */
  readonly first: number;
  /** One past the last source offset covered. */
  readonly next: number;
  readonly engine: number;
  /** SHA-256 (hex) of the API catalogue. */
  readonly catalogueHash: string;
  /** Result rows in the block: accesses that are no duplicates. */
  readonly accesses: number;
  /** Accepted facts by type (`ntk.` prefix included), stale declarations among them. Broadcast copies count on partition 0 only. */
  readonly facts: Partial<Record<RecordType, number>>;
  readonly staleFacts: number;
  readonly duplicates: number;
  readonly rejects: Partial<Record<RejectReason, number>>;
  readonly heartbeats: number;
  /** Copies of broadcast records that are counted elsewhere or not at all (partitions other than 0; the policy `ntk run` appends). */
  readonly policyCopies: number;
  /** Records that arrived live or by `ntk ingest`; 0 everywhere means that the whole log is history. */
  readonly liveRecords: number;
  /** When the block was scored, or the gap accepted, milliseconds since 1970. Not chained. */
  readonly scoredAtMs: number;
  /** Lowest and highest event time of the rows, milliseconds since 1970; null in a block without rows. */
  readonly eventTimeMinMs: number | null;
  readonly eventTimeMaxMs: number | null;
  /** SHA-256 (hex) chained over all rows of the partition up to `next`; the same whatever the batches were. Begins anew behind a gap. */
  readonly rowsHash: string;
  /** SHA-256 (hex) over the entry before and this entry's own figures; makes a changed ledger entry visible. */
  readonly entryHash: string;
  /** Whose facts of authority counted: `open`, or `signed:` and a digest of the root keys. Not chained, not in the ledger; empty in what is read from it. */
  readonly authority: string;
  /** When the block's live records arrived (milliseconds since 1970), and how many did at each time. Not chained, not in the ledger. */
  readonly liveArrivals: ReadonlyArray<readonly [atMs: number, records: number]>;
  /** Users whose rows below an offset are to be erased (`ntk.erasure`), as stored in column `user`. */
  readonly erasures: ReadonlyArray<{ readonly offset: number; readonly user: string }>;
  /** What other partitions may need to know; absent: nothing. Not chained, not in the ledger. */
  readonly news?: News;
  /** Only of the entry of a gap. */
  readonly gap?: AcceptedGap;
  /** Only of an entry that was made again from the log because its block was lost: the entry behind is chained to the lost one. */
  readonly remade?: true;
}

/** What the ledger keeps of a block and its entry hash covers. */
export type LedgerFigures = Omit<BlockHeader, 'entryHash' | 'erasures' | 'liveArrivals' | 'authority' | 'news'>;
