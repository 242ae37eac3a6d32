/** Records of the log that a report has to wait for. */
import { setTimeout as pause } from 'node:timers/promises';
import { encodingOf } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import type { EventLog } from '../../platform/log/event-log.ts';

/**
 * So few records may be heartbeats alone, which are in no figure of a report: with one a minute from each gateway, an idle log has
 * some that are not stored yet a second or so of each minute.
 */
const LOOKED_AT_MAX = 32;
const LOOKED_AT_BYTES_MAX = 64 * 1024;

/** Whoever sends ends a transaction within milliseconds, and must not make a report of an idle log incomplete. */
const DECIDED_MS_MAX = 250;
const POLL_MS = 20;

/** Records of a partition from offset `next` on; where there are few, without heartbeats. */
export async function unwrittenFrom(log: EventLog, partition: number, next: number): Promise<number> {
  // First: what is decided by then is counted below.
  const undecided = await stillUndecided(log, partition);
  return undecided + (await readableFrom(log, partition, next));
}

/** Offsets that are there now, behind a transaction that does not end soon. */
export async function stillUndecided(log: EventLog, partition: number): Promise<number> {
  const { from: first, to: end } = await log.undecided('access', partition);
  let from = first;
  for (let waitedMs = 0; from < end && waitedMs < DECIDED_MS_MAX; waitedMs += POLL_MS) {
    await pause(POLL_MS);
    ({ from } = await log.undecided('access', partition));
  }
  return Math.max(0, end - from);
}

async function readableFrom(log: EventLog, partition: number, next: number): Promise<number> {
  const { start, end } = await log.bounds('access', partition);
  const unwritten = Math.max(0, end - next);
  if (unwritten === 0 || unwritten > LOOKED_AT_MAX || next < start) return unwritten;
  const { bytes, starts, count, nextOffset } = await log.read('access', partition, next, {
    maxRecords: LOOKED_AT_MAX,
    maxBytes: LOOKED_AT_BYTES_MAX,
  });
  if (nextOffset < end) return unwritten;
  const encoding = encodingOf(bytes.subarray(0, starts[count]));
  for (let i = 0; i < count; i++)
    if (parseRecord(bytes, starts[i]!, starts[i + 1]!, encoding).type !== 'ntk.heartbeat') return unwritten;
  return 0;
}
