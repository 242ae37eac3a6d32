/** Sets the offsets of the groups that lag tools look at, as such a tool may do it: without being a member. */
import { systemClock } from '../../../services/platform/clock.ts';
import { KafkaConnection } from '../../../services/platform/log/kafka/connection.ts';
import { GroupOffsets } from '../../../services/platform/log/kafka/group-offsets.ts';

export const CONSUMERS = ['scorer', 'writer'] as const;
type Consumer = (typeof CONSUMERS)[number];

export function topicOf(prefix: string, consumer: Consumer): string {
  return `${prefix}.${consumer === 'scorer' ? 'access' : 'results'}.v1`;
}

/** @param offsets of each partition. Answers whether they are there now */
export async function setGroupOffsets(
  { address }: { readonly address: string },
  prefix: string,
  consumer: Consumer,
  offsets: readonly number[],
): Promise<boolean> {
  const topic = topicOf(prefix, consumer);
  const access = { brokers: [address], clientId: 'operator' };
  const connection = new KafkaConnection({ access, topics: [topic], clock: systemClock, tryingMs: 2_000 });
  try {
    const groups = new GroupOffsets({ connection, groupOf: (each) => `${prefix}.${each}`, topicOf: () => topic });
    for (const [partition, offset] of offsets.entries()) groups.note({ consumer, partition, offset, note: '' });
    await groups.flush();
    // Whoever it belongs to may have written his own meanwhile.
    return (await groups.committed(consumer, 0)) !== null;
  } finally {
    await connection.close();
  }
}
