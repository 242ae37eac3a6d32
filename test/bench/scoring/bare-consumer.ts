/**
 * Floor (a): kafkajs's consumer as one would write it who knows it well, with JSON.parse on each record and nothing else. Whole batches
 * (`eachBatch`), no commits, fetches as large as the scorer's, the same settings of zstd and of Node's heap.
 */
import { begin, report } from '../process/measured.ts';
import { backlogConsumer } from './backlog-consumer.ts';

const [broker = '', topic = '', records = '0'] = process.argv.slice(2);
const { consumer, fetching, crashed } = await backlogConsumer(broker, `bare-${process.pid}`);
await consumer.subscribe({ topic, fromBeginning: true });
let seen = 0;
let characters = 0;
const done = Promise.withResolvers<void>();
await begin();
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
const watch = await Promise.race([fetching, crashed]);
await Promise.race([done.promise, crashed]);
const taken = watch.taken();
await consumer.disconnect();
report({ records: seen, ...taken, hash: String(characters) });
