/**
 * Taking a partition, in the order that exactness rests on (architecture.md):
 * 1. claim it, which fences whoever had it; only then
 * 2. read the position: the end of the last committed block, or of the newest checkpoint, whichever is later;
 * 3. load the newest checkpoint at or before it;
 * 4. fold again in silence up to the position, and arrive at the last block's hash.
 * What goes wrong here is said in one line; nothing is skipped, nothing judged twice.
 */
import { ENGINE_VERSION } from '../domain/engine.ts';
import type { PartitionFold } from '../domain/fold/fold.ts';
import { decodeBlock, FIRST_ENTRY_HASH } from '../domain/results/block.ts';
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { EventLog, Owner } from '../platform/log/event-log.ts';
import { arriveAt, type ArriveOptions } from './arrive.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { hashMismatch, logEnded, PartitionRefused, recordsLost } from './partition-refused.ts';

export { PartitionRefused } from './partition-refused.ts';

export interface TakenPartition {
  readonly owner: Owner;
  readonly fold: PartitionFold;
  readonly checkpoints: CheckpointStore;
  readonly lastHeader: BlockHeader | null;
  readonly entryHash: string;
  /** Records folded again in silence. */
  readonly refolded: number;
  /** Tools for lag are shown another position: somebody set it, or a killed owner left it a second behind. It has no say. */
  readonly hasPositionMismatch: boolean;
}

export type TakeOptions = ArriveOptions;

export async function takePartition(options: TakeOptions): Promise<TakenPartition> {
  const { log, partition } = options;
  // 1. From here on nobody else writes for this partition.
  const owner = await log.claim('scorer', partition);
  try {
    // 2. The position.
    const { lastHeader, checkpoints, position, entryHash, rowsHash } = await readStanding(log, partition);
    // 3. and 4.
    const arrival = await arriveAt(position, checkpoints, options);
    if (arrival.status === 'ended') throw logEnded(partition, arrival.end, position);
    if (arrival.status === 'lost') throw recordsLost(partition, arrival.lost);
    const { fold, refolded } = arrival;
    if (rowsHash !== null && fold.state.chain.hash !== rowsHash) throw hashMismatch(partition, position);
    const shown = await log.shownOffset('scorer', partition);
    const hasPositionMismatch = shown !== null && shown !== position;
    return { owner, fold, checkpoints, lastHeader, entryHash, refolded, hasPositionMismatch };
  } catch (error) {
    await owner.release();
    throw error;
  }
}

/** Where a partition stands, by what was committed. */
export interface Standing {
  readonly lastHeader: BlockHeader | null;
  readonly checkpoints: CheckpointStore;
  /** The next offset to judge. */
  readonly position: number;
  /** Of the last entry. */
  readonly entryHash: string;
  /** Of all rows before the position; null where nothing was judged. */
  readonly rowsHash: string | null;
}

/** @throws PartitionRefused engine_changed */
export async function readStanding(log: EventLog, partition: number): Promise<Standing> {
  const last = await log.last('results', partition);
  const lastHeader = last === null ? null : decodeBlock(last.value).header;
  const checkpoints = new CheckpointStore(log, partition);
  await checkpoints.open();
  const { newest } = checkpoints;
  const position = Math.max(lastHeader?.next ?? 0, newest?.offset ?? 0);
  const entryHash = lastHeader?.entryHash ?? newest?.entryHash ?? FIRST_ENTRY_HASH;
  const rowsHash = (lastHeader !== null && lastHeader.next === position ? lastHeader.rowsHash : newest?.rowsHash) ?? null;
  refuseOtherEngine(partition, lastHeader, checkpoints, position);
  return { lastHeader, checkpoints, position, entryHash, rowsHash };
}

/** Another engine or catalogue may only go on from a checkpoint that stands exactly at the last block's end. */
function refuseOtherEngine(partition: number, last: BlockHeader | null, checkpoints: CheckpointStore, position: number): void {
  if (last === null || (last.engine === ENGINE_VERSION && last.catalogueHash === CATALOGUE_HASH)) return;
  if (checkpoints.newest?.offset === position) return;
  throw new PartitionRefused(
    'engine_changed',
    `partition ${partition} ends with a block of engine ${last.engine}, this is engine ${ENGINE_VERSION}, and no checkpoint stands at its end: start the release that wrote it once more, stop it with SIGTERM, then start this one`,
  );
}
