/**
 * A process that owns partition 0 as scorer: `node own-and-commit.ts BROKER PREFIX`. Prints `claimed`; for each line that it reads,
 * commits a block of that text and prints what came of it: `committed`, `fenced` or `error CODE`.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../../services/platform/clock.ts';
import { LogError } from '../../../../services/platform/log/event-log.ts';
import { openKafkaLog } from '../../../../services/platform/log/kafka/open-kafka-log.ts';
import { block } from './open-test-log.ts';

const [, , broker = '', topicPrefix = ''] = process.argv;
const log = await openKafkaLog({
  brokers: [broker],
  clientId: 'child',
  topicPrefix,
  replication: 1,
  create: false,
  clock: systemClock,
});
const owner = await log.claim('scorer', 0);
writeSync(1, 'claimed\n');
for await (const line of createInterface({ input: process.stdin })) {
  const said = await owner.commit(block(line)).then(
    ({ status }) => status,
    (error: unknown) => `error ${error instanceof LogError ? error.code : String(error)}`,
  );
  writeSync(1, `${said}\n`);
}
await log.close();
