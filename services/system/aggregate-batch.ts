/**
 * Knowledge across programs in a batch: after each slice of an input it is judged to the end, aggregated, and what there is to say is
 * appended before the next slice, as it would be while time passes. The same slices make the same log.
 */
import { Aggregator } from '../aggregator/aggregator.ts';
import type { Authority } from '../domain/authority/authority.ts';
import type { Signer } from '../domain/authority/signature.ts';
import type { Clock } from '../platform/clock.ts';
import { priorPublisher } from './aggregator-part.ts';
import type { System } from './open-system.ts';

/** Records of an input that are judged between two looks at the whole. */
export const SLICE_RECORDS = 10_000;

export interface BatchAggregationOptions {
  readonly system: Pick<System, 'log' | 'scorer' | 'admit'>;
  readonly authority: Authority;
  readonly signer: Signer | null;
  readonly clock: Clock;
}

/**
 * To be awaited before each chunk of an input, with the number of its records that are in the log. What an input of less than a slice says
 * across programs is nothing, so it costs nothing.
 */
export function batchAggregation(options: BatchAggregationOptions): (records: number) => Promise<void> {
  const { system, authority, signer, clock } = options;
  const { log, scorer } = system;
  if (scorer === null || log.partitions === 1 || (authority.mode === 'signed' && signer === null)) return async () => {};
  let aggregator: Aggregator | null = null;
  let slice: number | null = null;
  return async (records) => {
    const before = slice;
    slice = Math.floor(records / SLICE_RECORDS);
    if (before === null || before === slice) return;
    const [one] = scorer.owned().values();
    if (one === undefined || one.state.policy.baselineBudget === null) return;
    await system.admit(0);
    aggregator ??= new Aggregator({ log, clock, publish: priorPublisher(log, authority, signer) });
    await aggregator.catchUp();
    await aggregator.publishDue();
  };
}
