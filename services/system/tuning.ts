/** Sizes and pauses of scorer and writer, as the configuration has them. */
import type { Config } from '../platform/config/load-config.ts';

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
}

export function tuningOf(config: Config): Tuning {
  const { batchRecordsMax, batchBytesMax, checkpointRecords, checkpointIntervalMs, groupRowsMax, groupBytesMax, groupWaitMs } = config;
  return { batchRecordsMax, batchBytesMax, checkpointRecords, checkpointIntervalMs, groupRowsMax, groupBytesMax, groupWaitMs };
}
