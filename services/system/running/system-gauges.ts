/** Gauges that are brought up to date when somebody asks for the metrics: how the state, the log and the store stand now. */
import type { Clock } from '../../platform/clock.ts';
import { LogError } from '../../platform/log/event-log.ts';
import type { Metrics } from '../../platform/metrics/metrics.ts';
import type { ScorerMetrics } from '../../scorer/report-metrics.ts';
import type { StateLimits } from '../../scorer/state-limits.ts';
import { answerInTime } from './answer-in-time.ts';
import { backlogOf, unwrittenOf } from './backlog.ts';
import type { System } from '../opening/open-system.ts';

/** Settings of topics are changed by people. */
const RETENTION_AGE_MS_MAX = 300_000;
const RETAINED = ['access', 'results'] as const;

interface SystemGaugesOptions {
  readonly system: Pick<System, 'scorer' | 'writer' | 'log'>;
  readonly metrics: Metrics;
  readonly scorerMetrics: ScorerMetrics;
  readonly stateLimits: StateLimits;
  readonly clock: Clock;
}

export class SystemGauges {
  readonly #options: SystemGaugesOptions;
  #asking: Promise<void> | null = null;
  #retentionAskedMs = Number.NEGATIVE_INFINITY;
  /** As the log said last. */
  #partitionsNow = 0;

  constructor(options: SystemGaugesOptions) {
    this.#options = options;
  }

  /** What the log does not say in time stays as it was: the other metrics are needed most while it is away. */
  async refresh(): Promise<void> {
    this.#lookInside();
    const { clock } = this.#options;
    // One question at a time, however many ask and however long the log takes.
    this.#asking ??= this.#askLog().finally(() => (this.#asking = null));
    await answerInTime(clock, this.#asking);
  }

  #lookInside(): void {
    const { system, scorerMetrics, metrics, stateLimits } = this.#options;
    const owned = [...(system.scorer?.owned().values() ?? [])];
    const states = owned.map(({ state }) => state);
    const checkpointAgesMs = owned.map((one) => one.checkpointAgeMs());
    scorerMetrics.observe(states, checkpointAgesMs, stateLimits);
    metrics.partitionStopped.reset();
    const stopped = new Map<number, boolean>();
    for (const service of [system.scorer, system.writer]) {
      for (const partition of service?.owned().keys() ?? []) stopped.set(partition, stopped.get(partition) ?? false);
      for (const [partition, { isParked }] of service?.troubles() ?? [])
        stopped.set(partition, isParked || (stopped.get(partition) ?? false));
    }
    // Added to a topic: no scorer has them, and what is written there waits for a person.
    for (let added = system.log.partitions; added < this.#partitionsNow; added++) stopped.set(added, true);
    for (const [partition, isStopped] of stopped)
      metrics.partitionStopped.set({ partition: String(partition) }, isStopped ? 1 : 0);
  }

  async #askLog(): Promise<void> {
    const { system, metrics, clock } = this.#options;
    try {
      if (system.scorer !== null) {
        const { records, oldestWaitMs } = await backlogOf(system, clock.nowMs());
        // Not those of partitions that were handed over.
        metrics.lagRecords.reset();
        for (const [partition, waiting] of records) metrics.lagRecords.set({ partition: String(partition) }, waiting);
        metrics.oldestUnscoredSeconds.set(oldestWaitMs / 1000);
      }
      if (system.writer !== null) {
        const { records, oldestWaitMs } = await unwrittenOf(system, clock.nowMs());
        for (const [partition, waiting] of records) metrics.unwrittenRecords.set({ partition: String(partition) }, waiting);
        metrics.oldestUnwrittenSeconds.set(oldestWaitMs / 1000);
      }
      if (system.scorer !== null) this.#partitionsNow = (await system.log.partitionsNow()).partitions;
      await this.#askRetention();
    } catch (error) {
      // Health says so.
      if (!(error instanceof LogError)) throw error;
    }
  }

  async #askRetention(): Promise<void> {
    const { system, metrics, clock } = this.#options;
    if (clock.monotonicMs() - this.#retentionAskedMs < RETENTION_AGE_MS_MAX) return;
    for (const log of RETAINED) {
      const ms = await system.log.retentionMs(log);
      if (ms === null) metrics.logRetentionSeconds.remove({ log });
      else metrics.logRetentionSeconds.set({ log }, ms / 1000);
    }
    this.#retentionAskedMs = clock.monotonicMs();
  }
}
