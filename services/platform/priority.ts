/** Which process has a core first where several want one. */
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** The thread that asks; where a priority is a process's, all of it. */
const THIS = 0;

/**
 * Lets others go first, for good: threads that run by now, and those that they begin. Never the other way round, so that a process which was
 * started with less keeps that. Where the system forbids it nothing changes: it is a courtesy, and nothing rests on it.
 * @param nice 0 (as others) to 19 (only when nobody else wants a core), as of the command `nice`
 */
export function giveWay(nice: number): void {
  for (const thread of threads()) {
    try {
      if (getPriority(thread) < nice) setPriority(thread, nice);
    } catch {
      // It has ended meanwhile, or the system forbids it.
    }
  }
}

/** On Linux a priority is a thread's, and new threads have that of the one that began them. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [THIS];
  }
}
