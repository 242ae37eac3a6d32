/** Sizes and pauses of scorer and writer; the configuration may set them. */
export interface Tuning {
  /** Of one batch of the scorer, which is one block and one transaction. */
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

export const DEFAULT_TUNING: Tuning = {
  batchRecordsMax: 5_000,
  batchBytesMax: 4 * 1024 * 1024,
  checkpointRecords: 250_000,
  checkpointIntervalMs: 30_000,
  groupRowsMax: 500_000,
  groupBytesMax: 64 * 1024 * 1024,
  groupWaitMs: 1_000,
};
