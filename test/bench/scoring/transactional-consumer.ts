/**
 * Floor (b): what one would write by hand with kafkajs to judge exactly once, with nothing of the judging in it. JSON.parse on each record, a
 * moving mean for each program and category in a Map, an output record for 18 in 100, and a transaction every 100 ms with the outputs
 * and the offsets.
 */
import { CompressionTypes, Kafka, logLevel, type Message } from 'kafkajs';
import { begin, report } from '../process/measured.ts';
import { backlogConsumer } from './backlog-consumer.ts';

const TRANSACTION_MS = 100;
const OUTPUTS_IN_A_HUNDRED = 18;
const WEIGHT = 0.05;
const [broker = '', topic = '', outputTopic = '', records = '0'] = process.argv.slice(2);

interface Event {
  readonly id: string;
  readonly subject: string;
  readonly data: { readonly api?: string; readonly bytes?: number };
}

const groupId = `transactional-${process.pid}`;
const { consumer, fetching, crashed } = await backlogConsumer(broker, groupId);
await consumer.subscribe({ topic, fromBeginning: true });
const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer({
  transactionalId: groupId,
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
});
await producer.connect();
const means = new Map<string, number>();
const nextOffsets = new Map<number, string>();
let outputs: Message[] = [];
let [seen, written, transactions, committedAtMs] = [0, 0, 0, 0];
const done = Promise.withResolvers<void>();

function judge({ id, subject, data: { api = '', bytes = 0 } }: Event): void {
  const key = `${subject} ${api}`;
  const mean = (means.get(key) ?? 0) * (1 - WEIGHT) + bytes * WEIGHT;
  means.set(key, mean);
  if (seen % 100 < OUTPUTS_IN_A_HUNDRED)
    outputs.push({ key: subject, value: JSON.stringify({ id, program: subject, verdict: 'allow', score: mean }) });
  seen++;
}

async function commit(): Promise<void> {
  const transaction = await producer.transaction();
  written += outputs.length;
  transactions++;
  if (outputs.length > 0) await transaction.send({ topic: outputTopic, messages: outputs, compression: CompressionTypes.ZSTD });
  const partitions = [...nextOffsets].map(([partition, offset]) => ({ partition, offset }));
  await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
  await transaction.commit();
  outputs = [];
  nextOffsets.clear();
  committedAtMs = performance.now();
}

await begin();
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) judge(JSON.parse(value!.toString()) as Event);
    nextOffsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
    const isDone = seen >= Number(records);
    if (isDone || performance.now() - committedAtMs >= TRANSACTION_MS) await commit();
    if (isDone) done.resolve();
  },
});
const watch = await Promise.race([fetching, crashed]);
await Promise.race([done.promise, crashed]);
const taken = watch.taken();
await consumer.disconnect();
await producer.disconnect();
report({ records: seen, ...taken, transactions, hash: `${means.size} ${written}` });
