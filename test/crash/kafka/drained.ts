/** Waiting until everything that is in a log is judged and stored. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '../../../services/platform/log/event-log.ts';
import { storedUpTo } from '../../../services/platform/log/writer-note.ts';
import type { Deployment } from './deployment.ts';
import { Undecided } from './undecided.ts';

/** What dead producers left open is given up after 20 s, and pauses between two tries grow to 30 s. */
const DRAIN_MS_MAX = 180_000;
const POLL_MS = 100;

/** @throws Error that says what is left after a time */
export async function drained(
  log: EventLog,
  { address, prefix }: Pick<Deployment, 'address' | 'prefix'>,
  partitions: readonly number[] = Array.from({ length: log.partitions }, (_, i) => i),
): Promise<void> {
  const deadline = performance.now() + DRAIN_MS_MAX;
  const undecided = new Undecided({ address, topic: `${prefix}.access.v1`, partitions });
  try {
    for (;;) {
      const waiting = await waitingIn(log, undecided, partitions);
      if (waiting.length === 0) return;
      if (performance.now() > deadline) throw new Error(`not drained: ${waiting.join(', ')}`);
      await pause(POLL_MS);
    }
  } finally {
    await undecided.close();
  }
}

async function waitingIn(log: EventLog, undecided: Undecided, partitions: readonly number[]): Promise<string[]> {
  // First: an append is acknowledged before its markers are written, and other processes do not see it until then.
  const waiting = [...(await undecided.now())].map((place) => `a transaction at ${place}`);
  for (const partition of partitions) {
    const { end } = await log.bounds('access', partition);
    const stored = await storedUpTo(log, partition);
    if (stored < end) waiting.push(`partition ${partition} is stored up to ${stored} of ${end}`);
  }
  return waiting;
}
