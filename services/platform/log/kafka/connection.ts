/** Connections to the brokers of one cluster, who leads and coordinates what, and trying again. */
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf, CODE, isTransient, NotVisibleYet } from './kafka-error.ts';
import { COORDINATOR, createCluster, type InternalBroker, type InternalCluster, type KafkaAccess } from './kafkajs-internals.ts';

/** A leader that died is replaced in seconds; who waits longer says so to the caller, who tries again in his own way. */
export const TRYING_MS_DEFAULT = 10_000;
/** What ends within milliseconds: the markers of the transaction before. */
const PAUSE_FIRST_MS = 2;
const PAUSE_MS_MAX = 250;
const PAUSE_GROWTH = 1.6;
/** From here on whoever was asked may be the wrong broker. */
const REFRESH_AFTER_MS = 200;

export interface ConnectionOptions {
  readonly access: KafkaAccess;
  readonly topics: readonly string[];
  readonly clock: { monotonicMs(): number };
  readonly tryingMs: number;
}

export class KafkaConnection {
  readonly #options: ConnectionOptions;
  readonly #cluster: InternalCluster;
  readonly #coordinators = new Map<string, InternalBroker>();
  #isKnown = false;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#cluster = createCluster(options.access);
  }

  /** Any broker. */
  async anyBroker(): Promise<InternalBroker> {
    await this.#connect();
    return this.#cluster.findControllerBroker();
  }

  async leader(topic: string, partition: number): Promise<InternalBroker> {
    await this.#connect();
    const found = this.#cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
    if (found === undefined || found.leader < 0)
      throw Object.assign(new Error(`${topic} ${partition} has no leader`), { code: CODE.leaderNotAvailable });
    return this.#cluster.findBroker({ nodeId: String(found.leader) });
  }

  async transactionCoordinator(transactionalId: string): Promise<InternalBroker> {
    const known = this.#coordinators.get(transactionalId);
    // One that is not connected any more was left by somebody in this process: another coordinates by now, and this one may hang.
    if (known?.isConnected() === true) return known;
    await this.#connect();
    const found = await this.#cluster.findGroupCoordinator({
      groupId: transactionalId,
      coordinatorType: COORDINATOR.transaction,
    });
    this.#coordinators.set(transactionalId, found);
    return found;
  }

  async groupCoordinator(groupId: string): Promise<InternalBroker> {
    await this.#connect();
    return this.#cluster.findGroupCoordinator({ groupId, coordinatorType: COORDINATOR.group });
  }

  /**
   * Does `work` again while that may help, with a pause that grows. `work` must be fit for it: reads, and requests of a producer
   * under the same sequence numbers. `onFailed` hears of every failure that is tried again.
   */
  async trying<Result>(work: () => Promise<Result>, onFailed: (error: unknown) => void = () => {}): Promise<Result> {
    const { clock, tryingMs } = this.#options;
    const startedMs = clock.monotonicMs();
    for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, PAUSE_MS_MAX)) {
      try {
        return await work();
      } catch (error) {
        const triedMs = clock.monotonicMs() - startedMs;
        if (this.#isClosed || !isTransient(error)) throw error;
        const isOnlyLate = error instanceof NotVisibleYet || codeOf(error) === CODE.concurrentTransactions;
        const isStale = !isOnlyLate || triedMs > REFRESH_AFTER_MS;
        if (triedMs > tryingMs) {
          // Whoever comes next would ask the same broker, which may not be the leader any more and never answer.
          if (isStale) this.#forget();
          throw error;
        }
        onFailed(error);
        if (isStale) await this.refresh();
        await pause(pauseMs);
      }
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#cluster.disconnect();
  }

  async #connect(): Promise<void> {
    if (this.#isKnown) return;
    await this.#cluster.connect();
    await this.#cluster.addMultipleTargetTopics(this.#options.topics);
    await this.#cluster.refreshMetadata();
    this.#isKnown = true;
  }

  /** Asks anew who leads and coordinates. */
  async refresh(): Promise<void> {
    this.#coordinators.clear();
    try {
      await this.#cluster.refreshMetadata();
    } catch {
      // Said by the next attempt.
      this.#isKnown = false;
    }
  }

  #forget(): void {
    this.#coordinators.clear();
    this.#isKnown = false;
  }
}
