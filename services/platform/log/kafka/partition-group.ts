/**
 * Partitions by a Kafka consumer group: its members share them, and when one comes or goes they are shared anew. The group says who
 * should have a partition, nothing more: whoever takes one fences the one before (kafka-owner.ts), positions come from the
 * blocks, and nothing is read or committed through the group.
 *
 * kafkajs rebalances eagerly: each member gives everything up and joins again. That cannot hurt, because a member goes on with what it
 * has until its new share is known, and keeps what is in both.
 */
import kafkajs, { type Assigner, type Consumer } from 'kafkajs';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { createClient, type KafkaAccess } from './kafkajs-internals.ts';
import { type Member, stickyShares } from '../../assignment/sticky-shares.ts';

const { AssignerProtocol } = kafkajs;
const PROTOCOL = 'ntk-sticky';
/** A member that is silent for this long has gone. A batch takes tens of milliseconds, a stopped process is found out in this time. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;
/** Nothing is fetched; this only paces the heartbeats. */
const FETCH_WAIT_MS = 500;
const REBALANCE_MS = 15_000;
const REJOIN_MS = 1_000;

const hadSchema = z.array(z.int().nonnegative());

export interface PartitionGroupOptions {
  readonly access: KafkaAccess;
  readonly groupId: string;
  /** The topic whose partitions are shared. */
  readonly topic: string;
  readonly partitions: number;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Told each time the group has shared anew. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Told when this member dropped out, before it joins again; what it has it keeps until the group says otherwise. */
  readonly onFailed: (error: Error, retryInMs: number) => void;
}

export class PartitionGroup {
  readonly #options: PartitionGroupOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #has: readonly number[] = [];
  #trouble: string | null = null;

  constructor(options: PartitionGroupOptions) {
    this.#options = options;
  }

  /** Why this member is not in the group, which then may give it nothing for ever; null while it is in, or joins for the first time. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Joins the group, and again whenever that fails; each share comes through `onAssigned`. */
  start(): void {
    this.#running ??= this.#keepJoined();
  }

  /** Leaves the group: the others share at once instead of waiting until this member counts as gone. Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepJoined(): Promise<void> {
    const { clock, onFailed } = this.#options;
    while (!this.#stop.signal.aborted) {
      const consumer = this.#newConsumer();
      try {
        await this.#takePart(consumer);
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        this.#trouble = error.message;
        onFailed(error, REJOIN_MS);
        await clock.sleep(REJOIN_MS, this.#stop.signal);
      } finally {
        await consumer.disconnect().catch(() => {});
      }
    }
  }

  /** Until this is stopped. @throws what kafkajs gives up at */
  async #takePart(consumer: Consumer): Promise<void> {
    const { topic, onAssigned } = this.#options;
    const { GROUP_JOIN, CRASH } = consumer.events;
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    consumer.on(GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      this.#has = memberAssignment[topic] ?? [];
      this.#trouble = null;
      consumer.pause([{ topic }]);
      onAssigned(this.#has);
    });
    consumer.on(CRASH, ({ payload: { error } }) => reject(error));
    over.catch(() => {});
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: false });
    await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    await over;
  }

  #newConsumer(): Consumer {
    return createClient(this.#options.access).consumer({
      groupId: this.#options.groupId,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      partitionAssigners: [() => this.#assigner()],
      // Joining again is done here, with a consumer that is new.
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
  }

  #assigner(): Assigner {
    const { topic, partitions } = this.#options;
    return {
      name: PROTOCOL,
      version: 1,
      protocol: () => ({
        name: PROTOCOL,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: 1,
          topics: [topic],
          userData: Buffer.from(JSON.stringify(this.#has)),
        }),
      }),
      // Runs at the group's leader.
      assign: async ({ members }) => {
        const shares = stickyShares(
          members.map(({ memberId, memberMetadata }) => ({ id: memberId, had: hadBefore(memberMetadata) })),
          partitions,
        );
        return [...shares].map(([memberId, share]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment: { [topic]: share },
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  }
}

/** What a member says of itself is only a wish: anything else counts as nothing. */
function hadBefore(metadata: Buffer): Member['had'] {
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? { userData: Buffer.alloc(0) };
    return hadSchema.parse(JSON.parse(userData.toString('utf8')));
  } catch {
    return [];
  }
}
