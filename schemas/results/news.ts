/**
 * What a partition has to tell the others, in the header of its block: sums that an aggregator adds up over all partitions and says as
 * `ntk.prior` (docs/priors.md). A function of the partition's log; not chained, not in the ledger.
 */
import type { ClassPrior } from '../events/prior.ts';

/** What the programs of a developer in one partition do together, in one window of time. */
export interface ExcessWindow {
  /** Length of the blocks of time; `blocks` 1: with the block before. */
  readonly scaleHours: number;
  readonly blocks: number;
  /** Evidence that they use the category twice as much as they do: a sum over programs, each bounded. */
  readonly nats: number;
  /** Programs that have evidence, of those that were looked at. */
  readonly inExcess: number;
  readonly members: number;
}

/** Of a developer, a category and a day of event time, the latest in the block. */
export interface DeveloperExcess {
  readonly developer: string;
  readonly category: string;
  /** Event time of the access that it is as of, hours since 1970. */
  readonly hour: number;
  readonly windows: readonly ExcessWindow[];
}

export interface News {
  /** Classes that have grown by a tenth here, as this partition knows them. */
  readonly classes: readonly ClassPrior[];
  readonly excesses: readonly DeveloperExcess[];
}
