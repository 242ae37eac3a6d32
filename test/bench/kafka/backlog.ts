/** A log on Kafka with a backlog of ordinary traffic, as hosts write it: kafkajs's own producer, keyed by program. */
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { parsePolicyYaml } from '../../../services/domain/policy/document.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { ORIGIN } from '../../../services/platform/log/event-log.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { appendPolicy, policyHistory } from '../../../services/system/policy-history.ts';
import { writeBulkTraffic } from '../../reference/bulk-traffic.ts';

export interface Backlog {
  readonly broker: string;
  readonly prefix: string;
  readonly topic: string;
  /** Data records in the topic: accesses, facts, and a policy for each partition. */
  readonly records: number;
  readonly bytesPerRecord: number;
}

export interface BacklogOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly partitions: number;
  readonly accesses: number;
}

const LINES_A_SEND = 2_000;

export async function makeBacklog({ broker, prefix, partitions, accesses }: BacklogOptions): Promise<Backlog> {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-backlog-'));
  const file = join(folder, 'events.ndjson');
  const nowMs = systemClock.nowMs();
  const traffic = writeBulkTraffic(file, { accesses, startMs: nowMs - (accesses / 100) * 1_000 });
  const log = await openKafkaLog({
    brokers: [broker],
    clientId: 'bench',
    clock: systemClock,
    partitions,
    replication: 1,
    create: true,
    topicPrefix: prefix,
  });
  const policy = parsePolicyYaml(traffic.policyYaml);
  if (!policy.ok) throw new Error('the policy of the traffic does not check');
  const { document, hash } = policy;
  const history = await policyHistory(log, OPEN);
  await appendPolicy(log, history, { document, hash, by: 'bench', signer: null, nowMs, origin: ORIGIN.live });
  await log.close();
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await sendLines(producer, `${prefix}.access.v1`, file);
  await producer.disconnect();
  rmSync(folder, { recursive: true, force: true });
  const records = traffic.records + partitions;
  return { broker, prefix, topic: `${prefix}.access.v1`, records, bytesPerRecord: traffic.bytes / traffic.records };
}

async function sendLines(producer: Producer, topic: string, file: string): Promise<void> {
  let messages: { key: string; value: string }[] = [];
  const send = async (): Promise<void> => void (await producer.send({ topic, acks: -1, messages: messages.splice(0) }));
  const input = createReadStream(file);
  for await (const line of createInterface({ input })) {
    messages.push({ key: /"subject":"([^"]+)"/.exec(line)![1]!, value: line });
    if (messages.length >= LINES_A_SEND) await send();
  }
  if (messages.length > 0) await send();
  if (!input.destroyed) await once(input, 'close');
  messages = [];
}
