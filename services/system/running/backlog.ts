/** How far the scorer and the writer of this process are behind the log. */
import type { AppendStream, EventLog } from '../../platform/log/event-log.ts';
import { storedUpTo } from '../../platform/log/writer-note.ts';
import type { System } from '../opening/open-system.ts';

export interface Backlog {
  /** Records that wait, by partition. Of offsets: on Kafka markers of transactions are among them. */
  readonly records: ReadonlyMap<number, number>;
  /** How long the oldest of them has been waiting, milliseconds; 0 when none waits. */
  readonly oldestWaitMs: number;
}

/** Records that are not judged yet, of the partitions that are owned here or should be. */
export async function backlogOf({ scorer, log }: Pick<System, 'scorer' | 'log'>, nowMs: number): Promise<Backlog> {
  const records = new Map<number, number>();
  let oldestWaitMs = 0;
  const positions = new Map([...(scorer?.owned() ?? [])].map(([partition, { position }]) => [partition, position]));
  // A partition that stands still falls behind most of all.
  for (const partition of scorer?.troubles().keys() ?? [])
    if (!positions.has(partition)) positions.set(partition, (await log.position('scorer', partition))?.offset ?? 0);
  for (const [partition, position] of positions) {
    const { behind, waitMs } = await waiting(log, 'access', partition, position, nowMs);
    // Behind a transaction that nobody ends nothing can be read: that is no sign of having judged everything.
    const { from, to, sinceMs } = await log.undecided('access', partition);
    records.set(partition, behind + to - from);
    oldestWaitMs = Math.max(oldestWaitMs, waitMs, from === to ? 0 : nowMs - sinceMs);
  }
  return { records, oldestWaitMs };
}

/** Records that are judged and not stored yet; the time is that of the blocks which hold them. */
export async function unwrittenOf({ writer, log }: Pick<System, 'writer' | 'log'>, nowMs: number): Promise<Backlog> {
  const records = new Map<number, number>();
  let oldestWaitMs = 0;
  for (const partition of writer?.partitions ?? []) {
    const own = writer?.owned().get(partition);
    const judged = (await log.position('scorer', partition))?.offset ?? 0;
    const next = own?.storedUpTo ?? (await storedUpTo(log, partition));
    records.set(partition, Math.max(0, judged - next));
    const position = own?.offset ?? (await log.position('writer', partition))?.offset ?? 0;
    oldestWaitMs = Math.max(oldestWaitMs, (await waiting(log, 'results', partition, position, nowMs)).waitMs);
  }
  return { records, oldestWaitMs };
}

/** What lies behind `position`: how many offsets, and how long the first record that is still there has been in the log. */
async function waiting(
  log: EventLog,
  stream: AppendStream,
  partition: number,
  position: number,
  nowMs: number,
): Promise<{ readonly behind: number; readonly waitMs: number }> {
  const { start, end } = await log.bounds(stream, partition);
  const behind = Math.max(0, end - position);
  if (behind === 0) return { behind, waitMs: 0 };
  const { count, appendedAtMs } = await log.read(stream, partition, Math.max(start, position), { maxRecords: 1, maxBytes: 1 });
  return { behind, waitMs: count === 0 ? 0 : Math.max(0, nowMs - appendedAtMs[0]!) };
}
