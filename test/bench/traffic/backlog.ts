/** A log on Kafka with a backlog of ordinary traffic, as hosts write it: kafkajs's own producer, keyed by program. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { parsePolicyYaml } from '../../../services/domain/policy/document.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { ORIGIN } from '../../../services/platform/log/event-log.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { appendPolicy, policyHistory } from '../../../services/system/facts/policy-history.ts';
import { type BulkTraffic, writeBulkTraffic } from '../../reference/bulk-traffic.ts';
import { type Stage, TRAFFIC_DAYS } from '../suite/stage.ts';

/** One scorer's share by the sizing of docs/operating.md; fewer where it only has to work, since each is five topics' files and a producer. */
export const partitionsOf = (stage: Stage): number => stage.of({ tiny: 2, small: 4, full: 4 });

/** A file of traffic: facts, then accesses. */
export interface TrafficFile extends Pick<BulkTraffic, 'policyYaml' | 'records'> {
  readonly file: string;
  readonly accesses: number;
}

export interface Backlog {
  readonly broker: string;
  readonly prefix: string;
  readonly topic: string;
  /** Data records in the topic: accesses, facts, and a policy for each partition. */
  readonly records: number;
  readonly accesses: number;
  readonly partitions: number;
}

const LINES_A_SEND = 2_000;

/** Their declarations and consents are 12,240 records, more than all that is tiny. */
export const programsOf = (stage: Stage): number => stage.of({ tiny: 100, small: 2_400, full: 2_400 });

/** Ordinary traffic of five days. */
export function trafficFile(stage: Stage, accesses: number, limitsTimes = 1): TrafficFile {
  const file = join(stage.folder, 'events.ndjson');
  const startMs = stage.firstDayMs;
  const programs = programsOf(stage);
  const traffic = writeBulkTraffic(file, { accesses, programs, days: TRAFFIC_DAYS, startMs, limitsTimes, baselines: true });
  return { ...traffic, file, accesses };
}

/** A log of its own with all of the traffic: a backlog is scored once. */
export async function makeBacklog(
  stage: Stage,
  traffic: Omit<TrafficFile, 'bytes' | 'facts'>,
  partitions = partitionsOf(stage),
): Promise<Backlog> {
  const broker = await stage.broker();
  const prefix = stage.newPrefix();
  await makeLog({ broker, prefix, partitions, policyYaml: traffic.policyYaml });
  const topic = `${prefix}.access.v1`;
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await sendLines(producer, topic, traffic.file);
  await producer.disconnect();
  return { broker, prefix, topic, records: traffic.records + partitions, accesses: traffic.accesses, partitions };
}

export interface LogOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly partitions: number;
  readonly policyYaml: string;
}

/** A log that has a policy and nothing else. */
export async function makeLog({ broker, prefix, partitions, policyYaml }: LogOptions): Promise<void> {
  const log = await openKafkaLog({
    brokers: [broker],
    clientId: 'bench',
    clock: systemClock,
    partitions,
    replication: 1,
    create: true,
    topicPrefix: prefix,
  });
  const policy = parsePolicyYaml(policyYaml);
  if (!policy.ok) throw new Error('the policy of the traffic does not check');
  const { document, hash } = policy;
  const history = await policyHistory(log, OPEN);
  const nowMs = systemClock.nowMs();
  await appendPolicy(log, history, { document, hash, by: 'bench', signer: null, nowMs, origin: ORIGIN.live });
  await log.close();
}

async function sendLines(producer: Producer, topic: string, file: string): Promise<void> {
  const messages: { key: string; value: string }[] = [];
  const send = async (): Promise<void> => void (await producer.send({ topic, acks: -1, messages: messages.splice(0) }));
  const input = createReadStream(file);
  for await (const line of createInterface({ input })) {
    messages.push({ key: /"subject":"([^"]+)"/.exec(line)![1]!, value: line });
    if (messages.length >= LINES_A_SEND) await send();
  }
  if (messages.length > 0) await send();
  if (!input.destroyed) await once(input, 'close');
}
