/**
 * Knowledge across programs in a batch: after each chunk of an input it is judged to the end, what partitions have to tell is added up, and
 * what there is to say is appended before the next chunk, as it would be while time passes. The same chunks make the same log, also for
 * whoever was killed in between: what is said is noted with it.
 */
import { Aggregator } from '../../aggregator/aggregator.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import type { Clock } from '../../platform/clock.ts';
import { priorPublisher } from '../facts/prior-publisher.ts';
import type { System } from '../opening/open-system.ts';

const CHUNK_RECORDS_MIN = 1_000;
const CHUNK_RECORDS_MAX = 5_000;
/** A chunk is so large a part of what came before it: in small files hours of event time go by with few records, and large ones have many. */
const CHUNK_SHARE = 0.01;

/** Records of a chunk at most, given those of the file before it. */
export function aggregatedChunkRecords(recordsBefore: number): number {
  return Math.min(CHUNK_RECORDS_MAX, Math.max(CHUNK_RECORDS_MIN, Math.floor(recordsBefore * CHUNK_SHARE)));
}

interface BatchAggregationOptions {
  readonly system: Pick<System, 'log' | 'scorer' | 'admit'>;
  readonly authority: Authority;
  readonly signer: Signer | null;
  readonly clock: Clock;
}

/**
 * To be awaited before each chunk of an input, with the number of its records that are in the log. What an input of one chunk says across
 * programs is nothing, so it costs nothing.
 */
export function batchAggregation(options: BatchAggregationOptions): (records: number) => Promise<void> {
  const { system, authority, signer, clock } = options;
  const { log, scorer } = system;
  if (scorer === null || log.partitions === 1 || (authority.mode === 'signed' && signer === null)) return async () => {};
  let aggregator: Aggregator | null = null;
  return async (records) => {
    if (records === 0) return;
    const [one] = scorer.owned().values();
    if (one === undefined || one.state.policy.baselineBudget === null) return;
    await system.admit(0);
    aggregator ??= new Aggregator({ log, clock, publish: priorPublisher(log, authority, signer) });
    await aggregator.catchUp();
    await aggregator.publishDue();
  };
}
