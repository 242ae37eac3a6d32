/** How far the scorer of this process is behind the log. */
import type { System } from './open-system.ts';

export interface Backlog {
  /** Records that are not judged yet, by partition that is owned here. */
  readonly records: ReadonlyMap<number, number>;
  /** How long the oldest of them has been waiting, milliseconds; 0 when none waits. */
  readonly oldestWaitMs: number;
}

export async function backlogOf({ scorer, log }: Pick<System, 'scorer' | 'log'>): Promise<Backlog> {
  const records = new Map<number, number>();
  let oldestWaitMs = 0;
  for (const [partition, one] of scorer?.owned() ?? []) {
    const { end } = await log.bounds('access', partition);
    records.set(partition, Math.max(0, end - one.position));
    if (end > one.position) oldestWaitMs = Math.max(oldestWaitMs, await one.oldestWaitMs());
  }
  return { records, oldestWaitMs };
}
