/** Tells the metrics what was stored, and what failed. */
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
    for (const { liveArrivals } of group.headers) {
      for (const [arrivedMs, records] of liveArrivals) {
        for (let i = 0; i < records; i++) this.#metrics.eventToStoredSeconds.observe(Math.max(0, nowMs - arrivedMs) / 1000);
      }
    }
  }

  failed(code: string): void {
    this.#metrics.writeFailures.inc({ code });
  }
}
