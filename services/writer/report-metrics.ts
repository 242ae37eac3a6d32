/** Tells the metrics what was stored, and what failed. */
import { OTHER } from '../platform/metrics/bounded-names.ts';
import { WRITE_FAILURE_CODE } from '../platform/metrics/label-values.ts';
import type { Metrics } from '../platform/metrics/metrics.ts';
import type { Group } from './group.ts';

export class WriterMetrics {
  readonly #metrics: Metrics;
  readonly #clock: { nowMs(): number };

  constructor(metrics: Metrics, clock: { nowMs(): number }) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** After the position moved behind the group. */
  written(group: Group): void {
    this.#metrics.resultsWritten.inc(group.rowCount);
    this.#metrics.gapsAccepted.inc(group.headers.filter(({ gap }) => gap !== undefined).length);
    const nowMs = this.#clock.nowMs();
    if (group.headers.some(({ heartbeats }) => heartbeats > 0))
      this.#metrics.heartbeatStoredTimestamp.set({ partition: String(group.partition) }, nowMs / 1000);
    for (const { liveArrivals } of group.headers) {
      for (const [arrivedMs, records] of liveArrivals) {
        for (let i = 0; i < records; i++) this.#metrics.eventToStoredSeconds.observe(Math.max(0, nowMs - arrivedMs) / 1000);
      }
    }
  }

  /** Whoever has the partition now tells of it: what stays here would only grow old. */
  lost(partition: number): void {
    const own = { partition: String(partition) };
    const { heartbeatStoredTimestamp, unwrittenRecords } = this.#metrics;
    for (const metric of [heartbeatStoredTimestamp, unwrittenRecords]) metric.remove(own);
  }

  failed(code: string): void {
    this.#metrics.writeFailures.inc({ code: WRITE_FAILURE_CODE.values.includes(code) ? code : OTHER });
  }
}
