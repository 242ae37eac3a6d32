/**
 * Taking a partition, in the order that exactness rests on (architecture.md):
 * 1. claim it, which fences whoever had it; only then
 * 2. read the position: the end of the last committed block, or of the newest checkpoint, whichever is later;
 * 3. load the newest checkpoint at or before it;
 * 4. fold again in silence up to the position, and arrive at the last block's hash.
 * What goes wrong here is said in one line; nothing is skipped, nothing judged twice.
 */
import type { Authority } from '../domain/authority/authority.ts';
import type { PartitionFold } from '../domain/fold/fold.ts';
import { decodeBlock, FIRST_ENTRY_HASH } from '../domain/results/block.ts';
import type { Owner } from '../platform/log/event-log.ts';
import type { Turnstile } from '../platform/turnstile.ts';
import { type Arrival, arriveAt, type ArriveOptions } from './arrive.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { isSameMaker, type Maker, makerChange, makerOf, unsaidOpening } from './maker.ts';
import { hashMismatch, logEnded, makerChanged, recordsLost } from './partition-refused.ts';

export interface TakenPartition {
  readonly owner: Owner;
  readonly fold: PartitionFold;
  readonly checkpoints: CheckpointStore;
  readonly entryHash: string;
  /** Records folded again in silence. */
  readonly refolded: number;
  /** Tools for lag are shown another position, which somebody set or which expired. It has no say. */
  readonly hasPositionMismatch: boolean;
}

export interface TakeOptions extends ArriveOptions {
  /** Where those who take partitions in one process wait for each other before step 3. @default nobody waits */
  readonly arrivals?: Turnstile;
}

export async function takePartition(options: TakeOptions): Promise<TakenPartition> {
  const { log, partition } = options;
  // 1. From here on nobody else writes for this partition.
  const owner = await log.claim('scorer', partition);
  try {
    // 2. The position.
    const { checkpoints, position, entryHash, rowsHash } = await readStanding(options);
    // 3. and 4.
    const arriving = async (): Promise<Arrival> => arriveAt(position, checkpoints, options);
    const arrival = await (options.arrivals === undefined ? arriving() : options.arrivals.inside(arriving));
    if (arrival.status === 'ended') throw logEnded(partition, arrival.end, position);
    if (arrival.status === 'lost') throw recordsLost(partition, arrival.lost);
    const { fold, from, refolded } = arrival;
    if (rowsHash !== null && fold.state.chain.hash !== rowsHash) throw hashMismatch(partition, position);
    const maker = makerOf(options.authority);
    // What is judged from here on may have to be folded again from this checkpoint, by this maker and no other.
    if (from !== null && !isSameMaker(from, maker)) await owner.commit({ puts: [checkpoints.adopt(from, maker)] });
    const shown = await log.shownOffset('scorer', partition);
    const hasPositionMismatch = shown !== null && !shown.isOurs && shown.offset !== position;
    return { owner, fold, checkpoints, entryHash, refolded, hasPositionMismatch };
  } catch (error) {
    await owner.release();
    throw error;
  }
}

export type StandingOptions = Pick<ArriveOptions, 'log' | 'partition' | 'authority'>;

/** Where a partition stands, by what was committed. */
export interface Standing {
  readonly checkpoints: CheckpointStore;
  /** The next offset to judge. */
  readonly position: number;
  /** Of the last entry. */
  readonly entryHash: string;
  /** Of all rows before the position; null where nothing was judged. */
  readonly rowsHash: string | null;
}

/** @throws PartitionRefused engine_changed, authority_changed */
export async function readStanding({ log, partition, authority }: StandingOptions): Promise<Standing> {
  const last = await log.last('results', partition);
  const lastHeader = last === null ? null : decodeBlock(last.value).header;
  const checkpoints = new CheckpointStore(log, partition);
  await checkpoints.open();
  const { newest } = checkpoints;
  const position = Math.max(lastHeader?.next ?? 0, newest?.offset ?? 0);
  const entryHash = lastHeader?.entryHash ?? newest?.entryHash ?? FIRST_ENTRY_HASH;
  const rowsHash = (lastHeader !== null && lastHeader.next === position ? lastHeader.rowsHash : newest?.rowsHash) ?? null;
  refuseOtherMaker(partition, lastHeader ?? newest, authority, newest?.offset === position);
  return { checkpoints, position, entryHash, rowsHash };
}

/** Another maker may only go on from a checkpoint that stands exactly at the last block's end. */
function refuseOtherMaker(partition: number, before: Maker | null, authority: Authority, isCleanEnd: boolean): void {
  if (before === null) return;
  const change =
    unsaidOpening(partition, before, authority) ??
    (isCleanEnd ? null : makerChange(partition, before, makerOf(authority), false));
  if (change !== null) throw makerChanged(change);
}
