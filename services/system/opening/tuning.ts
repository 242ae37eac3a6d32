/** Sizes and pauses of scorer and writer, as the configuration has them. */
import type { Config } from '../../platform/config/load-config.ts';

export interface Tuning {
  /** Of one batch of the scorer, which is one transaction. */
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  /** A checkpoint begins after this many records or milliseconds, whichever comes first. */
  readonly checkpointRecords: number;
  readonly checkpointIntervalMs: number;
  /** Of one insert of the writer. */
  readonly groupRowsMax: number;
  readonly groupBytesMax: number;
  readonly groupWaitMs: number;
  /** Whether the writer counts blocks when it stores them. */
  readonly countsBlocks: boolean;
  /** Keys a partition may hold. */
  readonly stateLimits: {
    readonly programs: number;
    readonly consents: number;
    readonly limitKeys: number;
    readonly baselineKeys: number;
  };
}

export function tuningOf(config: Config): Tuning {
  const { batchRecordsMax, batchBytesMax, checkpointRecords, checkpointIntervalMs, groupRowsMax, groupBytesMax, groupWaitMs } =
    config;
  const stateLimits = {
    programs: config.statePrograms,
    consents: config.stateConsents,
    limitKeys: config.stateLimitKeys,
    baselineKeys: config.stateBaselineKeys,
  };
  return {
    stateLimits,
    batchRecordsMax,
    batchBytesMax,
    checkpointRecords,
    checkpointIntervalMs,
    groupRowsMax,
    groupBytesMax,
    groupWaitMs,
    countsBlocks: config.rollups === 'on',
  };
}
