/** Scorer and writer of all partitions of one log, in this process. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { Scorer, type ScorerObserver } from '../scorer/scorer.ts';
import { Writer, type WriterObserver } from '../writer/writer.ts';

export interface PipelineOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly storedUser: (user: string) => string;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  readonly tuning: Tuning;
  readonly scorerObserver: ScorerObserver;
  readonly writerObserver: WriterObserver;
}

export interface Tuning {
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  readonly checkpointRecords: number;
  readonly checkpointIntervalMs: number;
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

const DRAIN_POLL_MS = 10;

export class Pipeline {
  readonly scorer: Scorer;
  readonly writer: Writer;

  constructor({ log, warehouse, storedUser, clock, tuning, scorerObserver, writerObserver }: PipelineOptions) {
    const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
    this.scorer = new Scorer({ log, partitions, storedUser, clock, ...tuning, observer: scorerObserver });
    this.writer = new Writer({
      log, warehouse, partitions, clock, groupWaitMs: tuning.groupWaitMs, observer: writerObserver,
      limits: { rowsMax: tuning.groupRowsMax, bytesMax: tuning.groupBytesMax },
    });
  }

  /** The writer first: what an earlier run left unwritten is repeated before anything new. */
  async start(): Promise<void> {
    await this.writer.start();
    await this.scorer.start();
  }

  /** Rejects as soon as one of the two ends with an error; resolves when both have been stopped. */
  async ended(): Promise<void> {
    await Promise.all([this.scorer.ended(), this.writer.ended()]);
  }

  /** Waits until everything that is in the log now is judged and stored; rejects when scorer or writer fail meanwhile. */
  async drained(signal?: AbortSignal): Promise<void> {
    const failure = this.ended();
    failure.catch(() => {});
    for (;;) {
      if (signal?.aborted) return;
      if ((await this.scorer.isDrained()) && (await this.writer.isDrained())) return;
      await Promise.race([failure.then(() => pause(DRAIN_POLL_MS)), pause(DRAIN_POLL_MS)]);
    }
  }

  /** A clean end: batches and groups under way are finished, checkpoints stand at the end. Twice is fine. */
  async stop(): Promise<void> {
    await this.scorer.stop();
    await this.writer.stop();
  }
}
