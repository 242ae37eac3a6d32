/** Blocks that are gone from `ntk.results` although their rows were never stored (docs/gaps.md). */
import type { BlockHeader } from '../../schemas/results/block.ts';
import { blocksOf } from '../domain/results/block.ts';
import { ErrorForAPerson } from '../platform/error-for-a-person.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { decodeWriterNote } from '../platform/log/writer-note.ts';

/** Blocks do not follow one another: something outside removed or doubled them. */
export class BlockGap extends ErrorForAPerson {
  constructor(partition: number, expected: number, found: number) {
    super(
      found > expected
        ? `partition ${partition}: the blocks of source offsets ${expected} to ${found} are lost and nothing of them is stored; run 'ntk repair', which makes them again where the log still has the records, else go on without them: ntk accept-gap ${partition} ${expected} ${found}`
        : `partition ${partition}: a block begins at source offset ${found}, though everything before ${expected} is stored; run 'ntk verify' to see what is stored, and restore the log from a copy`,
    );
  }
}

export interface WriterStanding {
  /** Source offset at which the next block must begin, and the one at which it does: equal where nothing is lost. */
  readonly from: number;
  readonly to: number;
  /** Where in `ntk.results` to go on. */
  readonly offset: number;
  /** Of the block that is there; null where none is left. */
  readonly next: BlockHeader | null;
}

/** Where the writer of a partition stands, and where the blocks that are there go on. */
export async function writerStanding(log: EventLog, partition: number): Promise<WriterStanding> {
  const position = await log.position('writer', partition);
  const from = position === null ? 0 : decodeWriterNote(position.note).next;
  // Before the blocks are looked at: one that a scorer at work has judged since would seem to be lost.
  const judged = (await log.position('scorer', partition))?.offset ?? 0;
  const { start, end } = await log.bounds('results', partition);
  const offset = Math.max(start, position?.offset ?? 0);
  const [next] = offset < end ? blocksOf(await log.read('results', partition, offset, { maxRecords: 1, maxBytes: 1 })) : [];
  if (next !== undefined) return { from, to: next.header.first, offset, next: next.header };
  // No block is left: what is judged ends where the scorer noted it, in one transaction with its last block.
  return { from, to: Math.max(from, judged), offset, next: null };
}
