/**
 * Taking a partition, in the order that exactness rests on (architecture.md):
 * 1. claim it, which fences whoever had it; only then
 * 2. read the position: the end of the last committed block, or of the newest checkpoint, whichever is later;
 * 3. load the newest checkpoint at or before it;
 * 4. fold again in silence up to the position, and arrive at the last block's hash.
 * What goes wrong here is said in one line; nothing is skipped, nothing judged twice.
 */
import { ENGINE_VERSION } from '../domain/engine.ts';
import { PartitionFold } from '../domain/fold/fold.ts';
import { inputBelow } from '../domain/fold/input-below.ts';
import { decodeBlock, FIRST_ENTRY_HASH } from '../domain/results/block.ts';
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { EventLog, Owner } from '../platform/log/event-log.ts';
import { CheckpointStore } from './checkpoint-store.ts';

/** A partition cannot be taken until somebody does what the message says. */
export class PartitionRefused extends Error {
  readonly code: 'engine_changed' | 'log_lost' | 'hash_mismatch' | 'state_full';
  constructor(code: PartitionRefused['code'], message: string) {
    super(message);
    this.name = 'PartitionRefused';
    this.code = code;
  }
}

export interface TakenPartition {
  readonly owner: Owner;
  readonly fold: PartitionFold;
  readonly checkpoints: CheckpointStore;
  readonly lastHeader: BlockHeader | null;
  readonly entryHash: string;
  /** Records folded again in silence. */
  readonly refolded: number;
  /** The position noted for lag tools is another one; it has no say, but somebody set it. */
  readonly hasPositionMismatch: boolean;
}

export interface TakeOptions {
  readonly log: EventLog;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  /** Called for each batch that is folded again. @default nobody */
  readonly onProgress?: () => void;
}

export async function takePartition(options: TakeOptions): Promise<TakenPartition> {
  const { log, partition } = options;
  // 1. From here on nobody else writes for this partition.
  const owner = await log.claim('scorer', partition);
  try {
    // 2. The position.
    const last = await log.last('results', partition);
    const lastHeader = last === null ? null : decodeBlock(last.value).header;
    const checkpoints = new CheckpointStore(log, partition);
    await checkpoints.open();
    const { newest } = checkpoints;
    const position = Math.max(lastHeader?.next ?? 0, newest?.offset ?? 0);
    const entryHash = lastHeader?.entryHash ?? newest?.entryHash ?? FIRST_ENTRY_HASH;
    refuseOtherEngine(partition, lastHeader, checkpoints, position);
    // 3. and 4.
    const { fold, refolded } = await arriveAt(position, checkpoints, options);
    const expected = lastHeader !== null && lastHeader.next === position ? lastHeader.rowsHash : newest?.rowsHash;
    if (expected !== undefined && fold.state.chain.hash !== expected) {
      throw new PartitionRefused(
        'hash_mismatch',
        `partition ${partition}: folding the log again up to offset ${position} gives other rows than were stored; run 'ntk verify' and check that the user key and the release are the ones that made them`,
      );
    }
    const noted = await log.position('scorer', partition);
    const hasPositionMismatch = noted !== null && noted.offset !== position;
    return { owner, fold, checkpoints, lastHeader, entryHash, refolded, hasPositionMismatch };
  } catch (error) {
    await owner.release();
    throw error;
  }
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

async function arriveAt(
  position: number,
  checkpoints: CheckpointStore,
  options: TakeOptions,
): Promise<{ fold: PartitionFold; refolded: number }> {
  const { log, partition } = options;
  const { start } = await log.bounds('access', partition);
  for (const manifest of [...checkpoints.candidates(position), null]) {
    const from = manifest?.offset ?? 0;
    // A checkpoint of another engine is good only where nothing has to be folded again.
    if (manifest !== null && manifest.engine !== ENGINE_VERSION && from !== position) continue;
    if (from < start && from < position) continue;
    const fold = new PartitionFold({ logId: log.logId, partition, partitions: log.partitions, storedUser: options.storedUser });
    if (manifest !== null && !(await checkpoints.restore(manifest, fold.state))) continue;
    if (position < start) break;
    const refolded = await refold(fold, position, options);
    return { fold, refolded };
  }
  throw new PartitionRefused(
    'log_lost',
    `partition ${partition}: the log begins at offset ${start}, but offset ${position} is next and no checkpoint reaches it: the records between are lost; restore the log from a copy, nothing is judged until then`,
  );
}

async function refold(fold: PartitionFold, position: number, options: TakeOptions): Promise<number> {
  let refolded = 0;
  while (fold.state.position < position) {
    const batch = await options.log.read('access', options.partition, fold.state.position, {
      maxRecords: options.batchRecordsMax,
      maxBytes: options.batchBytesMax,
    });
    const part = inputBelow(batch, position);
    if (part.count === 0 && part.nextOffset <= fold.state.position) {
      throw new PartitionRefused(
        'log_lost',
        `partition ${options.partition}: the log ends before offset ${position}, which was judged already; restore the log`,
      );
    }
    fold.fold(part, 0);
    refolded += part.count;
    options.onProgress?.();
  }
  return refolded;
}
