/** The scorer of all partitions of a log on Kafka, from its start until the backlog is judged and committed. A process of its own. */
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { createHash } from 'node:crypto';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { Tally } from '../../../services/domain/fold/tally.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { configSchema } from '../../../services/platform/config/settings.ts';
import type { Config } from '../../../services/platform/config/load-config.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { Scorer } from '../../../services/scorer/scorer.ts';
import { hashedUsers } from '../../../services/system/stored-user.ts';
import { tuningOf } from '../../../services/system/tuning.ts';

const [broker = '', topicPrefix = '', backlog = '0'] = process.argv.slice(2);
const log = await openKafkaLog({
  brokers: [broker],
  clientId: 'bench',
  clock: systemClock,
  replication: 1,
  create: false,
  topicPrefix,
});
/** What was judged and how, whatever the batches and the times of appending were: the same traffic must give the same. */
const judged = new Tally();
const counts = { accesses: 0, facts: 0, duplicates: 0, rejected: 0, copies: 0 };
let records = 0;
const done = Promise.withResolvers<void>();

function count(outcome: BatchOutcome): void {
  records += outcome.records;
  counts.accesses += outcome.rowOffsets.length;
  counts.facts += Object.values(outcome.facts).reduce((sum, facts) => sum + facts, 0);
  counts.duplicates += outcome.duplicates;
  counts.rejected += outcome.rejected.length;
  counts.copies += outcome.copies;
  for (const name of ['accesses', 'verdicts', 'findings', 'interceptions'] as const)
    for (const [i, number] of outcome.tally[name].entries()) judged[name][i]! += number;
  if (records >= Number(backlog)) done.resolve();
}

const scorer = new Scorer({
  log,
  clock: systemClock,
  partitions: Array.from({ length: log.partitions }, (_, partition) => partition),
  storedUser: hashedUsers(Buffer.alloc(32, 7)),
  authority: OPEN,
  ...tuningOf(configSchema.parse({}) as Config),
  observer: {
    // Told after the commit: what is counted is stored and can be read.
    scored: (_, outcome) => count(outcome),
    taken: () => {},
    lost: () => {},
    nearlyFull: () => {},
    failed: (_, error) => process.stderr.write(`${error.message}\n`),
  },
});
// Taking the partitions is not what is measured: from the first fetch on.
await scorer.start();
const startedMs = performance.now();
const before = process.resourceUsage();
await done.promise;
const seconds = (performance.now() - startedMs) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
await scorer.stop();
await log.close();
const cpuSeconds = (userCPUTime - before.userCPUTime + systemCPUTime - before.systemCPUTime) / 1e6;
const { accesses, verdicts, findings, interceptions } = judged;
const result = { counts, judged: [accesses, verdicts, findings, interceptions].map((column) => [...column]) };
const hash = createHash('sha256').update(JSON.stringify(result)).digest('hex').slice(0, 16);
process.stdout.write(JSON.stringify({ records, seconds, cpuSeconds, peakMb: maxRSS / 1024, hash }));
