/** What hosts have put into the log on a real broker and no scorer can read: whoever is asked says so. */
import { Kafka, logLevel, type Transaction } from 'kafkajs';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../services/platform/clock.ts';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import { createMetrics, type Metrics } from '../../../services/platform/metrics/metrics.ts';
import { ScorerMetrics } from '../../../services/scorer/report-metrics.ts';
import type { Scorer } from '../../../services/scorer/scorer.ts';
import { backlogOf } from '../../../services/system/running/backlog.ts';
import { SystemGauges } from '../../../services/system/running/system-gauges.ts';
import { systemHealth } from '../../../services/system/running/system-health.ts';
import { unwrittenFrom } from '../../../services/system/questions/unwritten.ts';
import { access } from '../../acceptance/records.ts';
import { allowKafkaItsTime, sharedBroker } from '../../kafka/shared-broker.ts';
import { administrate } from '../../kafka/topics.ts';
import { TestLogs, values } from '../../platform/log/kafka/open-test-log.ts';
import { observedScorer } from './observed-scorer.ts';
import { Scrape } from './scraped-system.ts';

allowKafkaItsTime();
const broker = await sharedBroker();
const logs = new TestLogs(() => broker);
const ends: (() => Promise<unknown>)[] = [];

let prefix: string;
let metrics: Metrics;
let registry: Registry;
/** Of the process that judges, and of the one that sends. */
let log: KafkaEventLog;
let gateway: KafkaEventLog;
beforeEach(async () => {
  registry = new Registry();
  metrics = createMetrics(registry, { clock: systemClock });
  prefix = logs.newPrefix();
  gateway = await logs.open(prefix);
  log = await logs.open(prefix, { create: false });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await logs.closeAll();
});

async function openTransaction(): Promise<Transaction> {
  const kafka = new Kafka({ brokers: [broker.address], clientId: 'host', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: `${prefix}.a-host`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  ends.push(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic: `${prefix}.access.v1`, messages: [{ partition: 0, value: 'not decided' }] });
  return transaction;
}

async function scorerOf(partition: number): Promise<Scorer> {
  const scorer = observedScorer({ log, partitions: [partition], clock: systemClock, metrics });
  ends.push(() => scorer.stop());
  await scorer.start();
  return scorer;
}

describe('accesses behind a transaction that nobody ends', () => {
  test('count as waiting, for as long as they wait, and a report knows that they are missing', async () => {
    const scorer = await scorerOf(0);
    const transaction = await openTransaction();
    await gateway.commit({ appends: [{ stream: 'access', partition: 0, values: values(access({ id: 'a' })) }] });

    const { records, oldestWaitMs } = await backlogOf({ scorer, log }, systemClock.nowMs() + 5_000);
    expect(records.get(0)).toBeGreaterThanOrEqual(2);
    expect(oldestWaitMs).toBeGreaterThanOrEqual(5_000);
    expect(oldestWaitMs).toBeLessThan(60_000);
    expect(await unwrittenFrom(log, 0, 0)).toBeGreaterThanOrEqual(2);

    await transaction.abort();
    await expect.poll(async () => (await backlogOf({ scorer, log }, systemClock.nowMs())).records.get(0)).toBe(0);
    const { end } = await log.bounds('access', 0);
    expect(end).toBe(2);
    expect(await unwrittenFrom(log, 0, end)).toBe(0);
  });

  test('do not make a gateway ill that has put some of them there', async () => {
    const health = systemHealth({ scorer: null, writer: null, log: gateway, groupTrouble: null }, systemClock);
    const transaction = await openTransaction();
    await gateway.commit({ appends: [{ stream: 'access', partition: 0, values: values(access({ id: 'a' })) }] });
    expect(await health.report()).toMatchObject({ status: 'ok' });
    const detail = 'the log answers; in partition 0 a transaction has not ended for a while';
    await expect.poll(async () => (await health.report()).checks['log'], { timeout: 10_000 }).toEqual({ ok: true, detail });
    await transaction.abort();
    await expect.poll(async () => (await health.report()).checks['log']).toEqual({ ok: true, detail: 'the log answers' });
  });

  test('are nothing to wait for where a transaction ends at once', async () => {
    await gateway.commit({ appends: [{ stream: 'access', partition: 0, values: values(access({ id: 'a' })) }] });
    expect(await unwrittenFrom(log, 0, 1)).toBe(0);
    expect(await log.undecided('access', 0)).toMatchObject({ sinceMs: 0 });
  });
});

describe('partitions that somebody adds', () => {
  test.each(['access', 'verdicts'])(
    'to the topic of %s stand still by the metrics and by health, which says what to do, while the others are judged',
    async (stream) => {
      const scorer = await scorerOf(0);
      const system = { scorer, writer: null, log, groupTrouble: null };
      const scorerMetrics = new ScorerMetrics(metrics, systemClock);
      const limits = { programs: 1, consents: 1, limitKeys: 1, baselineKeys: 1 };
      const gauges = new SystemGauges({ system, metrics, scorerMetrics, stateLimits: limits, clock: systemClock });
      const health = systemHealth(system, systemClock);
      expect(await health.report()).toMatchObject({ status: 'ok' });

      const topic = `${prefix}.${stream}.v1`;
      await administrate(broker, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }));
      await expect
        .poll(async () => (await health.report()).checks['partitions'])
        .toMatchObject({
          ok: false,
          detail: expect.stringMatching(
            `^1 partition is judged, topic ${topic} has 4 partitions and the log 2: .*NTK_KAFKA_TOPIC_PREFIX$`,
          ),
        });
      await gauges.refresh();
      await gauges.refresh();
      const stopped = new Scrape(await registry.metrics()).samples('ntk_partition_stopped');
      expect([...stopped.values()]).toEqual([0, 1, 1]);
      expect([...stopped.keys()].slice(1)).toEqual([
        'ntk_partition_stopped{partition="2"}',
        'ntk_partition_stopped{partition="3"}',
      ]);
    },
  );
});
