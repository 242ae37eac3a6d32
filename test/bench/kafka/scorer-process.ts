/** The scorer of all partitions of a log on Kafka, from its start until the backlog is judged and committed. A process of its own. */
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { createHash } from 'node:crypto';
import { decodeBlock } from '../../../services/domain/results/block.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { configSchema } from '../../../services/platform/config/settings.ts';
import type { Config } from '../../../services/platform/config/load-config.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { Scorer } from '../../../services/scorer/scorer.ts';
import { hashedUsers } from '../../../services/system/stored-user.ts';
import { tuningOf } from '../../../services/system/tuning.ts';

const [broker = '', topicPrefix = ''] = process.argv.slice(2);
const log = await openKafkaLog({
  brokers: [broker],
  clientId: 'bench',
  clock: systemClock,
  replication: 1,
  create: false,
  topicPrefix,
});
let records = 0;
let startedMs = 0;
const scorer = new Scorer({
  log,
  clock: systemClock,
  partitions: Array.from({ length: log.partitions }, (_, partition) => partition),
  storedUser: hashedUsers(Buffer.alloc(32, 7)),
  authority: OPEN,
  ...tuningOf(configSchema.parse({}) as Config),
  observer: {
    scored: (_, outcome) => (records += outcome.records),
    taken: () => {},
    lost: () => {},
    nearlyFull: () => {},
    failed: (_, error) => process.stderr.write(`${error.message}\n`),
  },
});
startedMs = performance.now();
await scorer.start();
while (!(await scorer.isDrained())) await systemClock.sleep(5);
const seconds = (performance.now() - startedMs) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
await scorer.stop();
const hash = createHash('sha256');
for (let partition = 0; partition < log.partitions; partition++) {
  const last = await log.last('results', partition);
  if (last !== null) hash.update(decodeBlock(last.value).header.rowsHash);
}
await log.close();
const result = { records, seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 };
process.stdout.write(JSON.stringify({ ...result, hash: hash.digest('hex').slice(0, 16) }));
