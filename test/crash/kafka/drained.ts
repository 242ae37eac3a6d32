/** Waiting until everything that is in a log is judged and stored. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '../../../services/platform/log/event-log.ts';
import { storedUpTo } from '../../../services/platform/log/writer-note.ts';

/** What dead producers left open is given up after 20 s, and pauses between two tries grow to 30 s. */
const DRAIN_MS_MAX = 180_000;
const POLL_MS = 100;

/** @throws Error that says what is left after a time */
export async function drained(log: EventLog, partitions = Array.from({ length: log.partitions }, (_, i) => i)): Promise<void> {
  const deadline = performance.now() + DRAIN_MS_MAX;
  for (;;) {
    const waiting: string[] = [];
    for (const partition of partitions) {
      const { end } = await log.bounds('access', partition);
      const stored = await storedUpTo(log, partition);
      if (stored < end) waiting.push(`partition ${partition} is stored up to ${stored} of ${end}`);
    }
    if (waiting.length === 0) return;
    if (performance.now() > deadline) throw new Error(`not drained: ${waiting.join(', ')}`);
    await pause(POLL_MS);
  }
}
