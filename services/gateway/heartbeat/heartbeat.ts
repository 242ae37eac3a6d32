/**
 * Proves the whole way, partition by partition: a heartbeat goes into the log as any record does, and its answer is read where hosts
 * read their verdicts. Whoever sends tells when the newest one that was answered had been sent, so that a scorer which is dead, stuck or
 * behind shows, and a gateway that cannot write, and verdicts that do not come out.
 *
 * 1. where the answers will be is asked before anything is sent;
 * 2. one transaction brings a heartbeat into each partition. Nothing waits in a queue: while the log is away there is this one try, and
 *    a try later there is another one. What failed may be in the log all the same; then its answer is as good as any;
 * 3. verdicts are read until the newest heartbeat of each partition is answered, and not beyond: with a scorer that keeps up that is
 *    a tenth of a second of them a minute.
 *
 * Every gateway sends its own and believes answers to its own only: its way to the log is part of what is proved.
 */
import type { Clock } from '../../platform/clock.ts';
import { type EventLog, LogError, ORIGIN } from '../../platform/log/event-log.ts';
import type { Logger } from '../../platform/logger.ts';
import type { HeartbeatMetrics } from '../../platform/metrics/heartbeat-metrics.ts';
import { HeartbeatEvents } from './heartbeat-event.ts';

interface HeartbeatOptions {
  readonly log: Pick<EventLog, 'partitions' | 'commit' | 'bounds' | 'read' | 'waitForAppend'>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Of this process alone. */
  readonly secret: Uint8Array | string;
  readonly metrics: HeartbeatMetrics;
  readonly logger: Pick<Logger, 'warn'>;
}

/** After a try that failed; not longer than the interval. */
const RETRY_MS = 5_000;
/** Longest wait for a sign of the log that something was appended. */
const LISTEN_MS = 1_000;
/** Between two looks while answers are missing: with verdicts coming all the time, as many looks a second are enough. */
const LOOK_PAUSE_MS = 20;
/** Of one look into a partition. */
const LOOK = { maxRecords: 4_000, maxBytes: 1024 * 1024 };

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #events: HeartbeatEvents;
  readonly #partitions: readonly number[];
  /** When the newest heartbeat was sent, by partition, milliseconds since 1970. */
  readonly #sentAtMs = new Map<number, number>();
  /** When the newest answered one was. */
  readonly #answeredAtMs = new Map<number, number>();
  /** Next offset of `ntk.verdicts.v1` to look at, of partitions whose newest heartbeat is not answered. */
  readonly #awaited = new Map<number, number>();
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#events = new HeartbeatEvents(options.secret);
    this.#partitions = Array.from({ length: options.log.partitions }, (_, partition) => partition);
    const { clock, metrics } = options;
    const nowMs = clock.nowMs();
    for (const partition of this.#partitions) {
      metrics.sent.inc({ partition: String(partition) }, 0);
      // A partition that never answers has to grow old, too.
      this.#answered(partition, nowMs);
    }
  }

  /** How long ago the newest answered heartbeat of the slowest partition was sent, milliseconds; before the first, since the start. */
  get oldestMs(): number {
    return Math.max(0, this.#options.clock.nowMs() - Math.min(...this.#answeredAtMs.values()));
  }

  start(): void {
    this.#running ??= this.#run();
    // Whoever waits for ended() sees it.
    this.#running.catch(() => {});
  }

  /** Rejects with what no other try can mend. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      const beganAtMs = clock.monotonicMs();
      const isSent = await this.#trying('heartbeats cannot be sent, trying again', () => this.#send());
      await this.#listen(beganAtMs + (isSent ? intervalMs : Math.min(intervalMs, RETRY_MS)));
    }
  }

  /** False when the log could not do it now. */
  async #trying(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      if (!this.#stop.signal.aborted) this.#options.logger.warn({ code: error.code, reason: error.message }, what);
      return false;
    }
  }

  async #send(): Promise<void> {
    const { log, clock, metrics } = this.#options;
    // 1. Of partitions that have not answered the one before, reading goes on where it is.
    const from = new Map(this.#awaited);
    for (const partition of this.#partitions)
      if (!from.has(partition)) from.set(partition, (await log.bounds('verdicts', partition)).end);
    // 2. With the origin of `ntk run`: nobody waits for a verdict on it, and a log of history stays one.
    const sentAtMs = clock.nowMs();
    const appends = this.#partitions.map((partition) => ({
      stream: 'access' as const,
      partition,
      values: [this.#events.record(partition, sentAtMs)],
      keys: ['*'],
      origin: ORIGIN.run,
    }));
    await log.commit({ appends });
    for (const partition of this.#partitions) {
      this.#sentAtMs.set(partition, sentAtMs);
      this.#awaited.set(partition, from.get(partition)!);
      metrics.sent.inc({ partition: String(partition) });
    }
  }

  /** 3. Until all is answered and the time for the next one has come. */
  async #listen(untilMs: number): Promise<void> {
    const { log, clock } = this.#options;
    const { signal } = this.#stop;
    let isBehind = false;
    const look = async (): Promise<void> => {
      isBehind = false;
      for (const partition of this.#awaited.keys()) if (await this.#look(partition)) isBehind = true;
    };
    for (;;) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return;
      if (this.#awaited.size === 0) {
        await clock.sleep(leftMs, signal);
        continue;
      }
      if (!isBehind) await log.waitForAppend('verdicts', Math.min(leftMs, LISTEN_MS), signal);
      const isRead = await this.#trying('answers to heartbeats cannot be read, trying again', look);
      if (this.#awaited.size > 0) await clock.sleep(Math.min(leftMs, isRead ? LOOK_PAUSE_MS : RETRY_MS), signal);
    }
  }

  /** Whether there was anything to read. */
  async #look(partition: number): Promise<boolean> {
    const { log } = this.#options;
    const from = this.#awaited.get(partition)!;
    const batch = await log.read('verdicts', partition, from, LOOK).catch((error: unknown) => {
      if (error instanceof LogError && error.code === 'log_offset_out_of_range') return null;
      throw error;
    });
    if (batch === null) {
      // Retention has passed it: nobody has answered for as long as that.
      this.#awaited.set(partition, (await log.bounds('verdicts', partition)).start);
      return true;
    }
    this.#awaited.set(partition, batch.nextOffset);
    for (let i = 0; i < batch.count; i++) {
      const sentAtMs = this.#events.answeredAt(partition, batch.bytes, batch.starts[i]!, batch.starts[i + 1]!);
      if (sentAtMs !== null) this.#heard(partition, sentAtMs);
    }
    return batch.count > 0;
  }

  #heard(partition: number, sentAtMs: number): void {
    const { clock, metrics } = this.#options;
    metrics.roundTripSeconds.observe(Math.max(0, clock.nowMs() - sentAtMs) / 1000);
    this.#answered(partition, sentAtMs);
    if (sentAtMs >= this.#sentAtMs.get(partition)!) this.#awaited.delete(partition);
  }

  #answered(partition: number, sentAtMs: number): void {
    this.#answeredAtMs.set(partition, sentAtMs);
    this.#options.metrics.answeredTimestamp.set({ partition: String(partition) }, sentAtMs / 1000);
  }
}
