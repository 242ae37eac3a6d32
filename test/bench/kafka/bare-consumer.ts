/**
 * The floor: kafkajs's consumer as one would write it who knows it well, with JSON.parse on each record and nothing else. A process
 * of its own. Whole batches (`eachBatch`), no commits, fetches as large as the scorer's, the same settings of zstd.
 */
import './zstd-codec.ts';
import { Kafka, logLevel } from 'kafkajs';

const FETCH_BYTES_MAX = 4 * 1024 * 1024;
const [broker = '', topic = '', records = '0'] = process.argv.slice(2);
const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
  groupId: `bare-${process.pid}`,
  maxBytesPerPartition: FETCH_BYTES_MAX,
  allowAutoTopicCreation: false,
});
let seen = 0;
let characters = 0;
let startedMs = 0;
let before = process.resourceUsage();
const done = Promise.withResolvers<void>();
// Joining the group is not what is measured: from the first fetch on.
consumer.on(consumer.events.FETCH_START, () => {
  if (startedMs !== 0) return;
  startedMs = performance.now();
  before = process.resourceUsage();
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) {
      const event = JSON.parse(value!.toString()) as { subject: string };
      characters += event.subject.length;
      seen++;
    }
    if (seen >= Number(records)) done.resolve();
  },
});
await done.promise;
const seconds = (performance.now() - startedMs) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
await consumer.disconnect();
const cpuSeconds = (userCPUTime - before.userCPUTime + systemCPUTime - before.systemCPUTime) / 1e6;
process.stdout.write(JSON.stringify({ records: seen, seconds, cpuSeconds, peakMb: maxRSS / 1024, hash: String(characters) }));
