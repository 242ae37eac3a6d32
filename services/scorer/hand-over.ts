/**
 * Waiting for whoever had a partition to bring it to a clean end. Exactness does not need it, because taking a partition fences; but
 * who takes it from a scorer in the middle of its work has to fold again what lies behind the newest checkpoint.
 */
import { decodeBlock } from '../domain/results/block.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { CheckpointStore } from './checkpoint-store.ts';

export interface HandOverOptions {
  readonly log: EventLog;
  readonly partition: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest to wait: whoever died brings nothing to an end. @default 0 */
  readonly handOverMs?: number;
}

const POLL_MS = 50;

/** Returns when a checkpoint stands at the end of the last block, which is how a clean stop ends, or when it takes too long. */
export async function awaitHandOver({ log, partition, clock, signal, handOverMs = 0 }: HandOverOptions): Promise<void> {
  const startedMs = clock.monotonicMs();
  while (!signal.aborted && clock.monotonicMs() - startedMs < handOverMs) {
    if (await isAtCleanEnd(log, partition)) return;
    await clock.sleep(POLL_MS, signal);
  }
}

async function isAtCleanEnd(log: EventLog, partition: number): Promise<boolean> {
  const last = await log.last('results', partition);
  if (last === null) return true;
  const checkpoints = new CheckpointStore(log, partition);
  await checkpoints.open();
  return checkpoints.standsAt(decodeBlock(last.value).header.next);
}
