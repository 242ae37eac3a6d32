/** Topics of the broker of a test, as an operator sees them. */
import { type Admin, type ITopicConfig, Kafka, logLevel } from 'kafkajs';
import { vi } from 'vitest';
import type { SharedBroker } from './shared-broker.ts';

const KNOWN_MS_MAX = 10_000;

/** Runs `work` with kafkajs's own client for administrators. */
export async function administrate<Result>({ address }: SharedBroker, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Kafka({ brokers: [address], clientId: 'operator', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes it, and waits until brokers know it: the controller answers before they do, and kafkajs takes an unknown topic for a failure. */
export async function makeTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  const made = (): Promise<boolean> => admin.createTopics({ topics: [topic], waitForLeaders: false }).catch(() => false);
  // One of the same name may be on its way out.
  await vi.waitUntil(made, { timeout: KNOWN_MS_MAX });
  const isKnown = async (): Promise<boolean> => (await admin.listTopics()).includes(topic.topic);
  await vi.waitUntil(isKnown, { timeout: KNOWN_MS_MAX });
}

export async function deleteTopics(broker: SharedBroker, prefix: string): Promise<void> {
  await administrate(broker, async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    await admin.deleteTopics({ topics });
  });
}

/** How often the end of a topic is asked for while it is said to be empty. */
const ASKED_MAX = 50;

/** As retention does: what lies before `offset` in partition 0 is gone. Answers the start that is now. */
export async function moveStart(broker: SharedBroker, topic: string, offset: string): Promise<number> {
  return administrate(broker, async (admin) => {
    const endOf = async (): Promise<string> =>
      (await admin.fetchTopicOffsets(topic)).find(({ partition }) => partition === 0)!.high;
    // Asked in any case: it is how this client learns who leads the topic. One that has just connected may be told that it is empty.
    let end = await endOf();
    for (let asked = 1; end === '0' && asked < ASKED_MAX; asked++) end = await endOf();
    const to = offset === 'end' ? end : offset;
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: to }] });
    return Number(to);
  });
}
