/**
 * Which policies a log has seen, read from the log itself: partition 0 has a copy of every one. Records are only parsed where
 * the bytes say `ntk.policy`, so that a million accesses cost a fraction of a second.
 */
import { encodingOf } from '../domain/record/json.ts';
import { parseRecord } from '../domain/record/parse.ts';
import type { CompiledPolicy } from '../domain/policy/compiled.ts';
import type { EventLog, ORIGIN } from '../platform/log/event-log.ts';
import { readBatches } from '../platform/log/read-batches.ts';

export interface PolicyChange {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly source: string;
  readonly eventId: string;
  /** Who applied it, where the record says so. */
  readonly by: string;
  readonly policy: CompiledPolicy;
}

const NEEDLE = Buffer.from('ntk.policy');
const READ = { maxRecords: 20_000, maxBytes: 16 * 1024 * 1024 };

/** Policies in the order in which they took effect. */
export async function policyHistory(log: EventLog): Promise<PolicyChange[]> {
  const changes: PolicyChange[] = [];
  const seen = new Set<string>();
  for await (const batch of readBatches(log, 'access', 0, READ)) {
    for (let at = batch.bytes.indexOf(NEEDLE); at !== -1; ) {
      const i = recordAt(batch.starts, batch.count, at);
      const end = batch.starts[i + 1]!;
      const bytes = batch.bytes.subarray(batch.starts[i], end);
      const record = parseRecord(bytes, 0, bytes.length, encodingOf(bytes));
      if (record.type === 'ntk.policy') {
        const { source, id } = record.attributes;
        const key = JSON.stringify([source, id]);
        if (!seen.has(key)) {
          seen.add(key);
          const change = {
            offset: batch.offsets[i]!,
            appendedAtMs: batch.appendedAtMs[i]!,
            source,
            eventId: id,
            by: byOf(bytes),
            policy: record.data,
          };
          changes.push(change);
        }
      }
      at = batch.bytes.indexOf(NEEDLE, end);
    }
  }
  return changes;
}

/** The record that holds position `at`. */
function recordAt(starts: Uint32Array, count: number, at: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function byOf(bytes: Buffer): string {
  const { by } = JSON.parse(bytes.toString('utf8')) as { by?: unknown };
  return typeof by === 'string' ? by : '';
}

export interface PolicyToAppend {
  readonly document: unknown;
  readonly hash: string;
  readonly by: string;
  /** `ntk run` appends its policy by itself, which no figure counts; `ntk policy apply` is a fact like any other. */
  readonly origin: typeof ORIGIN.live | typeof ORIGIN.system;
  readonly nowMs: number;
}

/** Appends one copy to every partition, in one transaction. The id follows from the place in the log, so it is never a duplicate. */
export async function appendPolicy(log: EventLog, { document, hash, by, origin, nowMs }: PolicyToAppend): Promise<void> {
  const { end } = await log.bounds('access', 0);
  const event = {
    specversion: '1.0',
    id: `${hash}@${end}`,
    source: 'ntk/policy',
    type: 'ntk.policy',
    subject: '*',
    time: new Date(nowMs).toISOString(),
    by,
    data: document,
  };
  const value = Buffer.from(JSON.stringify(event), 'utf8');
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  await log.commit({
    appends: partitions.map((partition) => ({ stream: 'access' as const, partition, values: [value], origin })),
  });
}
