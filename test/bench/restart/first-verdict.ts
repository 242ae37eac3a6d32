/** From starting a scorer that was killed to the verdict of an access that waits, as a host sees it. */
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { deployed, type Deployment, started } from '../process/deployment.ts';
import '../scoring/zstd-codec.ts';
import type { Backlog } from '../traffic/backlog.ts';

export interface Restart {
  /** From starting the process to the first verdict of an access that was waiting. */
  readonly firstSeconds: number;
  /** Until the access that waits in each partition has one. */
  readonly lastSeconds: number;
}

const POLL_MS = 50;
const DRAIN_MS_MAX = 600_000;
const ANSWER_MS_MAX = 120_000;
/** Longest that the broker keeps a host's question. */
const HOST_WAIT_MS = 20;

/** Has the backlog judged, kills the scorer when it is done with it, and starts it again. */
export async function restart(backlog: Backlog, folder: string): Promise<Restart> {
  return deployed({ ...backlog, folder }, async (deployment: Deployment) => {
    const scorer = await started(deployment.service('scorer'));
    await judged(backlog);
    const answers = await listen(backlog);
    try {
      // 1. Killed. 2. Hosts go on asking. 3. Started again, and the clock with it.
      await scorer.kill();
      await ask(backlog);
      const startedMs = performance.now();
      scorer.start();
      const times = await answers.times;
      return { firstSeconds: (times[0]! - startedMs) / 1000, lastSeconds: (times.at(-1)! - startedMs) / 1000 };
    } finally {
      await answers.close();
    }
  });
}

async function judged({ broker, prefix, partitions }: Backlog): Promise<void> {
  const log = await openKafkaLog({
    brokers: [broker],
    clientId: 'bench',
    clock: systemClock,
    replication: 1,
    create: false,
    topicPrefix: prefix,
  });
  const deadline = performance.now() + DRAIN_MS_MAX;
  try {
    for (let partition = 0; partition < partitions; ) {
      const { end } = await log.bounds('access', partition);
      if (((await log.position('scorer', partition))?.offset ?? 0) >= end) partition++;
      else if (performance.now() > deadline) throw new Error(`partition ${partition} is not judged after ${DRAIN_MS_MAX} ms`);
      else await pause(POLL_MS);
    }
  } finally {
    await log.close();
  }
}

/** An access that waits in each partition, of programs that nobody knows. */
async function ask({ broker, topic, partitions }: Backlog): Promise<void> {
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const messages = Array.from({ length: partitions }, (_, partition) => {
    const subject = programIn(partition, partitions);
    const data = { user: 'u_1', api: 'wx.getLocation', purpose: 'nearby-stores', outcome: 'pending', rows: 1, bytes: 48 };
    const time = new Date(systemClock.nowMs()).toISOString();
    const event = { specversion: '1.0', id: `waiting-${partition}`, source: 'host/ios', type: 'ntk.access', subject, time, data };
    return { key: subject, partition, value: JSON.stringify(event) };
  });
  await producer.send({ topic, acks: -1, messages });
  await producer.disconnect();
}

function programIn(partition: number, partitions: number): string {
  for (let i = 0; ; i++) {
    const program = `wxwaiting${i}`;
    if (partitionOf(program, partitions) === partition) return program;
  }
}

interface Answers {
  /** Monotonic milliseconds of each, ascending. */
  readonly times: Promise<number[]>;
  close(): Promise<void>;
}

async function listen({ broker, prefix, partitions }: Backlog): Promise<Answers> {
  const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
    groupId: `waiting-${prefix}`,
    maxWaitTimeInMs: HOST_WAIT_MS,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: `${prefix}.verdicts.v1`, fromBeginning: false });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  const times = new Map<string, number>();
  const all = Promise.withResolvers<number[]>();
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) {
        const { eventId } = JSON.parse(value!.toString()) as { eventId?: string };
        if (eventId?.startsWith('waiting-') && !times.has(eventId)) times.set(eventId, performance.now());
      }
      if (times.size === partitions) all.resolve([...times.values()]);
    },
  });
  await joined.promise;
  const late = new AbortController();
  const tooLate = pause(ANSWER_MS_MAX, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`${times.size} of ${partitions} accesses that wait are answered after ${ANSWER_MS_MAX} ms`);
  });
  tooLate.catch(() => {});
  return {
    times: Promise.race([all.promise, tooLate]),
    close: async () => {
      late.abort();
      await consumer.disconnect();
    },
  };
}
