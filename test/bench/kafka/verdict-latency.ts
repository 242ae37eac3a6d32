/**
 * How long hosts wait for verdicts: they write accesses that wait (`pending`) at a fixed rate whatever comes back, and read the verdicts
 * as any host would, with kafkajs's own producer and consumer. The time of an access counts from when it was due, so that a pause in
 * between is not left out (coordinated omission).
 */
import '../scoring/zstd-codec.ts';
import { Kafka, logLevel } from 'kafkajs';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { systemClock } from '../../../services/platform/clock.ts';

export interface LatencyOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly partitions: number;
  readonly accessesPerSecond: number;
  readonly seconds: number;
  /** Not counted: connections, compilation. */
  readonly warmUpSeconds: number;
  /** Partitions whose programs are left out. @default none */
  readonly without?: readonly number[];
}

export interface Latency {
  readonly accesses: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How often accesses that are due are sent. */
const SEND_EVERY_MS = 5;
const ANSWER_MS_MAX = 20_000;
const PROGRAMS = 2_400;
/** Longest that the broker keeps a host's question: of what was committed meanwhile it may hear only then. */
const HOST_WAIT_MS = 20;

export async function measureVerdictLatency(options: LatencyOptions): Promise<Latency> {
  const { broker, prefix, accessesPerSecond, seconds, warmUpSeconds } = options;
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const dueMs = new Map<string, number>();
  const tookMs: number[] = [];
  const countedFromMs = systemClock.monotonicMs() + warmUpSeconds * 1000;
  const consumer = kafka.consumer({
    groupId: `host-${prefix}-${process.pid}-${Math.trunc(countedFromMs)}`,
    maxWaitTimeInMs: HOST_WAIT_MS,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: `${prefix}.verdicts.v1`, fromBeginning: false });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const nowMs = systemClock.monotonicMs();
      for (const { value } of batch.messages) {
        const { eventId } = JSON.parse(value!.toString()) as { eventId: string };
        const due = dueMs.get(eventId);
        if (due === undefined) continue;
        dueMs.delete(eventId);
        if (due >= countedFromMs) tookMs.push(nowMs - due);
      }
    },
  });
  await joined.promise;
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const programs = programsOf(options);
  const startedMs = systemClock.monotonicMs();
  const endMs = startedMs + (warmUpSeconds + seconds) * 1000;
  const sending = new Set<Promise<unknown>>();
  for (let made = 0, nowMs = startedMs; nowMs < endMs; nowMs = systemClock.monotonicMs()) {
    const due = Math.floor(((nowMs - startedMs) / 1000) * accessesPerSecond);
    const messages = [];
    for (; made < due; made++) {
      const id = `latency-${startedMs}-${made}`;
      dueMs.set(id, startedMs + (made * 1000) / accessesPerSecond);
      messages.push(accessOf(id, programs[made % programs.length]!, made));
    }
    if (messages.length > 0) {
      const sent = producer.send({ topic: `${prefix}.access.v1`, acks: -1, messages }).finally(() => sending.delete(sent));
      sending.add(sent);
    }
    await systemClock.sleep(SEND_EVERY_MS);
  }
  await Promise.all(sending);
  for (let waitedMs = 0; dueMs.size > 0 && waitedMs < ANSWER_MS_MAX; waitedMs += 50) await systemClock.sleep(50);
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
  return summary(tookMs, dueMs.size);
}

function programsOf({ partitions, without = [] }: LatencyOptions): string[] {
  const all = Array.from({ length: PROGRAMS }, (_, i) => `wxlatency${i}`);
  return all.filter((program) => !without.includes(partitionOf(program, partitions)));
}

function accessOf(id: string, program: string, n: number): { key: string; value: string } {
  const data = {
    user: `u_${n % 5_000}`,
    api: 'wx.getLocation',
    purpose: 'nearby-stores',
    outcome: 'pending',
    rows: 1,
    bytes: 48,
  };
  const time = new Date(systemClock.nowMs()).toISOString();
  const event = { specversion: '1.0', id, source: 'host/bench', type: 'ntk.access', subject: program, time, data };
  return { key: program, value: JSON.stringify(event) };
}

function summary(tookMs: readonly number[], unanswered: number): Latency {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { accesses: sorted.length, unanswered, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? Number.NaN };
}
