/**
 * Copies of the positions as committed offsets of a consumer group, for tools that show lag. Nothing is decided by them: they may be
 * late, missing, deleted or set anywhere, and are read only to count that. Written after the transaction and not in it: kafkajs's TxnOffsetCommit carries no
 * generation of the group, so that it would fence nobody, and a group that is in use could fail a commit.
 */
import type { Position, ShownOffset } from '../event-log.ts';
import type { KafkaConnection } from './connection.ts';

/**
 * Kept by the broker beside an offset, and lost when somebody else sets it: tells a copy of ours that is late, because whoever wrote it was
 * killed or Kafka away, from what somebody set.
 */
const OURS = 'ntk';
/** Lag tools ask every some seconds. */
const WRITE_INTERVAL_MS = 1_000;
const NO_GENERATION = -1;

interface GroupOffsetsOptions {
  readonly connection: KafkaConnection;
  readonly groupOf: (consumer: Position['consumer']) => string;
  /** What the consumer reads. */
  readonly topicOf: (consumer: Position['consumer']) => string;
}

export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #unwritten = new Map<string, Position>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
  }

  note(position: Position): void {
    this.#unwritten.set(`${position.consumer} ${position.partition}`, position);
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_INTERVAL_MS).unref();
  }

  /** Writes what was noted. Never fails: the next position is written again. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const positions = [...this.#unwritten.values()];
    this.#unwritten.clear();
    const before = this.#writing;
    this.#writing = (async () => {
      await before;
      for (const [consumer, members] of Map.groupBy(positions, (position) => position.consumer))
        await this.#write(consumer, members);
    })();
    await this.#writing;
  }

  /** What the group has: 0 for nothing, null when nobody can tell now; and whether that is a copy of ours. Never fails. */
  async committed(consumer: Position['consumer'], partition: number): Promise<ShownOffset | null> {
    const { connection, groupOf, topicOf } = this.#options;
    try {
      const { responses } = await connection.trying(async () => {
        const coordinator = await connection.groupCoordinator(groupOf(consumer));
        return coordinator.offsetFetch({
          groupId: groupOf(consumer),
          topics: [{ topic: topicOf(consumer), partitions: [{ partition }] }],
        });
      });
      const found = responses[0]?.partitions[0];
      const offset = Number(found?.offset);
      return Number.isSafeInteger(offset) ? { offset: Math.max(0, offset), isOurs: found?.metadata === OURS } : null;
    } catch {
      // A copy for people to look at must not keep a partition from being taken.
      return null;
    }
  }

  async #write(consumer: Position['consumer'], positions: readonly Position[]): Promise<void> {
    const { connection, groupOf, topicOf } = this.#options;
    const partitions = positions.map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: OURS }));
    try {
      await connection.trying(async () => {
        const coordinator = await connection.groupCoordinator(groupOf(consumer));
        await coordinator.offsetCommit({
          groupId: groupOf(consumer),
          groupGenerationId: NO_GENERATION,
          memberId: '',
          topics: [{ topic: topicOf(consumer), partitions }],
        });
      });
    } catch {
      // A copy for people to look at.
    }
  }
}
