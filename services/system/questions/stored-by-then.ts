/**
 * Waiting until what was in the log at a moment is stored. Under traffic something is always on its way from the log to the rows, so a
 * report that only looked would never be complete.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '../../platform/log/event-log.ts';

const POLL_MS = 100;
/** In all, and without anything more of it stored: a writer at work stores every second or so. */
const POLLS_MAX = 150;
const STILL_POLLS_MAX = 30;

/** @param storedNext offsets behind what is stored, one a partition. Answers whether all is stored that is in the log now */
export async function storedByThen(log: EventLog, storedNext: () => Promise<readonly number[]>): Promise<boolean> {
  const ends: number[] = [];
  for (let partition = 0; partition < log.partitions; partition++) ends.push((await log.bounds('access', partition)).end);
  let before = -1;
  for (let polls = 0, still = 0; polls < POLLS_MAX && still < STILL_POLLS_MAX; polls++) {
    const next = await storedNext();
    if (ends.every((end, partition) => next[partition]! >= end)) return true;
    const reached = ends.reduce((sum, end, partition) => sum + Math.min(end, next[partition]!), 0);
    still = reached > before ? 0 : still + 1;
    before = reached;
    await pause(POLL_MS);
  }
  return false;
}
