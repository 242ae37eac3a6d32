/**
 * The scorer of some partitions of a log on Kafka, exactly once and in its default settings (or those of the environment), from its first
 * fetch until the backlog is judged and committed: `scorer-process.ts BROKER PREFIX RECORDS [PARTITIONS]`. Pauses of its event loop are
 * watched when PAUSES_AFTER records are judged: what is compiled and grows before is not what a scorer has every day.
 */
import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { REASONS } from '../../../schemas/codes.ts';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { Tally } from '../../../services/domain/fold/tally.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { loadConfig } from '../../../services/platform/config/load-config.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { Scorer } from '../../../services/scorer/scorer.ts';
import { hashedUsers } from '../../../services/system/opening/stored-user.ts';
import { tuningOf } from '../../../services/system/opening/tuning.ts';
import { USER_KEY } from '../process/deployment.ts';
import { Watch, begin, report } from '../process/measured.ts';

const [broker = '', topicPrefix = '', backlog = '0', own = ''] = process.argv.slice(2);
const pausesAfter = Number(process.env['PAUSES_AFTER'] ?? Number.POSITIVE_INFINITY);
const configured = loadConfig();
if (!configured.ok) throw new Error(configured.problems.join('; '));
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
const COUNTED = ['accesses', 'verdicts', 'findings', 'episodes'] as const;
const counts = { accesses: 0, facts: 0, duplicates: 0, rejected: 0, copies: 0, late: 0 };
const keys = new Map<number, { readonly limitKeys: number; readonly baselineKeys: number }>();
/** A timer of a millisecond: the histogram has how much later than asked it came. */
const pauses = monitorEventLoopDelay({ resolution: 1 });
let [records, verdicts] = [0, 0];
const done = Promise.withResolvers<void>();

function count(outcome: BatchOutcome): void {
  if (records < pausesAfter && records + outcome.records >= pausesAfter) pauses.enable();
  records += outcome.records;
  verdicts += outcome.verdicts.length;
  counts.accesses += outcome.rowOffsets.length;
  counts.facts += Object.values(outcome.facts).reduce((sum, facts) => sum + facts, 0);
  counts.duplicates += outcome.duplicates;
  counts.rejected += outcome.rejected.length;
  counts.copies += outcome.copies;
  counts.late += outcome.tally.lateForBaseline;
  for (const [place, n] of outcome.tally.interceptions)
    judged.interceptions.set(place, (judged.interceptions.get(place) ?? 0) + n);
  for (const name of COUNTED) for (const [i, number] of outcome.tally[name].entries()) judged[name][i]! += number;
  if (records >= Number(backlog)) done.resolve();
}

const partitions = own === '' ? Array.from({ length: log.partitions }, (_, i) => i) : own.split(',').map(Number);
const scorer = new Scorer({
  log,
  clock: systemClock,
  partitions,
  storedUser: hashedUsers(USER_KEY),
  authority: OPEN,
  ...tuningOf(configured.config),
  observer: {
    // Told after the commit: what is counted is stored and can be read.
    scored: (partition, outcome, state) => {
      keys.set(partition, state.counts());
      count(outcome);
    },
    taken: () => {},
    lost: () => {},
    nearlyFull: () => {},
    failed: (_, error) => process.stderr.write(`${error.message}\n`),
  },
});
await begin();
// Taking the partitions is not what is measured: from the first fetch on.
await scorer.start();
const watch = new Watch();
await done.promise;
const taken = watch.taken();
pauses.disable();
await scorer.stop();
await log.close();
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
const reasons = REASONS.map((reason, i) => [reason, sum(judged.findings.slice(...rangeOf(i)))] as const).filter(([, n]) => n > 0);
const interceptions = [...judged.interceptions].toSorted(([a], [b]) => a - b);
const result = { counts, judged: COUNTED.map((name) => [...judged[name]]), interceptions };
report({
  records,
  ...taken,
  accesses: counts.accesses,
  verdicts,
  findings: Object.fromEntries(reasons),
  limitKeys: sum([...keys.values()].map(({ limitKeys }) => limitKeys)),
  baselineKeys: sum([...keys.values()].map(({ baselineKeys }) => baselineKeys)),
  longestPauseMs: pauses.max / 1e6,
  pauseP99Ms: pauses.percentile(99) / 1e6,
  hash: createHash('sha256').update(JSON.stringify(result)).digest('hex').slice(0, 16),
});

/** Places of a reason's actions in the tally. */
function rangeOf(reason: number): [number, number] {
  const actions = judged.findings.length / REASONS.length;
  return [reason * actions, (reason + 1) * actions];
}
