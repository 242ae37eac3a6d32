/**
 * The state at a partition's position: the newest checkpoint at or before it, and the records from there on folded again in silence.
 * Where records that this needs are gone, it says which (docs/gaps.md), and gives the state as far as it can be had.
 */
import type { BlockHeader } from '../../schemas/results/block.ts';
import type { Authority } from '../domain/authority/authority.ts';
import { PartitionFold } from '../domain/fold/fold.ts';
import { inputBelow } from '../domain/fold/fold-input.ts';
import { type EventLog, LogError } from '../platform/log/event-log.ts';
import { blocksOf } from '../domain/results/block.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { makerChange, makerOf } from './maker.ts';
import type { Manifest } from './manifest.ts';
import { type LostRecords, makerChanged, usersChanged } from './partition-refused.ts';

export type Arrival =
  /** `from`: the checkpoint it began with. */
  | { readonly status: 'arrived'; readonly fold: PartitionFold; readonly from: Manifest | null; readonly refolded: number }
  /** `fold` has the state of `lost.stateFrom`. */
  | { readonly status: 'lost'; readonly lost: LostRecords; readonly fold: PartitionFold }
  /** The log ends before the position: what comes in would get offsets that were judged before. */
  | { readonly status: 'ended'; readonly end: number };

export interface ArriveOptions {
  readonly log: EventLog;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  /** Called for each batch that is folded again. @default nobody */
  readonly onProgress?: () => void;
}

/** Retention may move the start while records are folded again: then it is looked at anew. */
const ATTEMPTS_MAX = 5;

/** @throws PartitionRefused engine_changed, authority_changed, users_changed */
export async function arriveAt(position: number, checkpoints: CheckpointStore, options: ArriveOptions): Promise<Arrival> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await arrive(position, checkpoints, options);
    } catch (error) {
      const isOutOfRange = error instanceof LogError && error.code === 'log_offset_out_of_range';
      if (!isOutOfRange || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function arrive(position: number, checkpoints: CheckpointStore, options: ArriveOptions): Promise<Arrival> {
  const { log, partition, storedUser, authority } = options;
  const { start, end } = await log.bounds('access', partition);
  if (end < position) return { status: 'ended', end };
  const maker = makerOf(authority);
  for (const manifest of [...checkpoints.candidates(position), null]) {
    const from = manifest?.offset ?? 0;
    // One of another maker is good only where nothing has to be folded again; what lies before it is another maker's, too.
    const before = from === position ? null : (manifest ?? (await firstBlock(log, partition)));
    const isUnread = checkpoints.newest?.offset === position;
    const change = before === null ? null : makerChange(partition, before, maker, isUnread);
    if (change !== null) throw makerChanged(change);
    const fold = new PartitionFold({ logId: log.logId, partition, partitions: log.partitions, storedUser, authority });
    if (manifest === null) checkpoints.restoreNothing();
    else if (!(await checkpoints.restore(manifest, fold.state))) continue;
    else if (manifest.users !== '' && manifest.users !== fold.usersMark) throw usersChanged(partition);
    if (from < start) {
      const lost: LostRecords = { from: position, to: Math.max(position, start), stateFrom: from, stateTo: start };
      return { status: 'lost', lost, fold };
    }
    const refolded = await refold(fold, position, options);
    return refolded === null
      ? { status: 'ended', end: fold.state.position }
      : { status: 'arrived', fold, from: manifest, refolded };
  }
  throw new Error('the beginning of the log is always a candidate');
}

/** Header of the block that begins the log, as long as that is there. */
async function firstBlock(log: EventLog, partition: number): Promise<BlockHeader | null> {
  const { start, end } = await log.bounds('results', partition);
  if (start === end) return null;
  const [oldest] = blocksOf(await log.read('results', partition, start, { maxRecords: 1, maxBytes: 1 }));
  return oldest?.header.first === 0 ? oldest.header : null;
}

/** Folds up to `position` without giving anything out; answers how many records, or null where the log ends before. */
export async function refold(fold: PartitionFold, position: number, options: ArriveOptions): Promise<number | null> {
  let refolded = 0;
  while (fold.state.position < position) {
    const batch = await options.log.read('access', options.partition, fold.state.position, {
      maxRecords: options.batchRecordsMax,
      maxBytes: options.batchBytesMax,
    });
    const part = inputBelow(batch, position);
    if (part.count === 0 && part.nextOffset <= fold.state.position) return null;
    fold.fold(part, 0);
    refolded += part.count;
    options.onProgress?.();
  }
  return refolded;
}
