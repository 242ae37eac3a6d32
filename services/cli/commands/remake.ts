/** What `ntk repair` does before it looks at anything else: makes the results of lost blocks again (docs/gaps.md). */
import type { Authority } from '../../domain/authority/authority.ts';
import { startBefore } from '../../auditor/refold.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { CheckpointStore } from '../../scorer/checkpoint-store.ts';
import type { Store } from '../../system/opening/store.ts';
import { type Refolding, remakeLostBlocks } from '../../writer/remake-blocks.ts';
import { UserError } from '../../system/user-error.ts';

/** The scorer's checkpoints, for who folds the log again. */
export async function keptStatesOf(log: EventLog, partition: number): Promise<CheckpointStore> {
  const checkpoints = new CheckpointStore(log, partition);
  await checkpoints.open();
  return checkpoints;
}

/** The log folded again from before an offset; null when it no longer reaches back, or others judged what is there. */
export async function refoldFrom(
  log: EventLog,
  made: { readonly warehouse: Warehouse; readonly storedUser: (user: string) => string; readonly authority: Authority },
  partition: number,
  offset: number,
  scoredAtMs: number,
): Promise<Refolding | null> {
  return startBefore({ log, partition, ...made, scoredAtMs, keptStates: await keptStatesOf(log, partition) }, offset);
}

export interface Remade {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Blocks that are not made again, and why. */
export interface Gone extends Omit<Remade, 'rows'> {
  readonly why: 'impossible' | 'other_rows' | 'untold';
}

export interface LostBlocks {
  readonly remade: readonly Remade[];
  readonly gone: readonly Gone[];
}

/** In all partitions: one whose blocks cannot be made again keeps none of the others from being mended. */
export async function remakeAll(store: Store, log: EventLog, clock: { nowMs(): number }): Promise<LostBlocks> {
  const made = { warehouse: store.warehouse, storedUser: await store.storedUser(), authority: store.authority() };
  const remade: Remade[] = [];
  const gone: Gone[] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    const result = await remakeLostBlocks({
      log,
      warehouse: store.warehouse,
      partition,
      refoldFrom: (offset) => refoldFrom(log, made, partition, offset, clock.nowMs()),
    });
    if (result.status === 'fenced')
      throw new UserError(`a writer took partition ${partition} meanwhile: stop it, then try again`);
    if (result.status === 'nothing_lost') continue;
    const { from, to } = result.lost;
    if (result.status === 'remade') remade.push({ partition, from, to, rows: result.rows });
    else gone.push({ partition, from, to, why: result.status });
  }
  return { remade, gone };
}
