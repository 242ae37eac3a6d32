/** The floor: kafkajs's consumer as anybody would write it, with JSON.parse on each record and nothing else. A process of its own. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs, { Kafka, logLevel } from 'kafkajs';

// The topic is compressed with zstd, which kafkajs does not bring.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
});

const [broker = '', topic = '', records = '0'] = process.argv.slice(2);
const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
  groupId: `bare-${process.pid}`,
  maxBytesPerPartition: 4 * 1024 * 1024,
  allowAutoTopicCreation: false,
});
let seen = 0;
let programs = 0;
let startedMs = 0;
const done = Promise.withResolvers<void>();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    if (startedMs === 0) startedMs = performance.now();
    for (const { value } of batch.messages) {
      const event = JSON.parse(value!.toString()) as { subject: string };
      programs += event.subject.length;
      seen++;
    }
    if (seen >= Number(records)) done.resolve();
  },
});
await done.promise;
const seconds = (performance.now() - startedMs) / 1000;
const { userCPUTime, systemCPUTime } = process.resourceUsage();
await consumer.disconnect();
process.stdout.write(
  JSON.stringify({ records: seen, seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, check: programs }),
);
