/** The heartbeat on a real broker: answered by a scorer, read committed, and silent while nobody judges. */
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { Heartbeat } from '../../services/gateway/heartbeat/heartbeat.ts';
import { systemClock } from '../../services/platform/clock.ts';
import type { KafkaEventLog } from '../../services/platform/log/kafka/kafka-event-log.ts';
import { createLogger } from '../../services/platform/logger.ts';
import { createHeartbeatMetrics } from '../../services/platform/metrics/heartbeat-metrics.ts';
import { Scorer } from '../../services/scorer/scorer.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../kafka/shared-broker.ts';
import { TestLogs } from '../platform/log/kafka/open-test-log.ts';

const DAY_MS = 86_400_000;

allowKafkaItsTime();

describe('the heartbeat on Kafka', () => {
  let broker: SharedBroker;
  const logs = new TestLogs(() => broker);
  let prefix: string;
  let ofGateway: KafkaEventLog;
  let ofScorer: KafkaEventLog;
  beforeAll(async () => {
    broker = await sharedBroker();
    prefix = logs.newPrefix();
    ofGateway = await logs.open(prefix);
    ofScorer = await logs.open(prefix);
  });
  afterAll(() => logs.closeAll());

  test('is answered in the partitions that are judged, through a log of its own', async () => {
    const registry = new Registry();
    const scorer = new Scorer({
      log: ofScorer,
      partitions: [0],
      clock: systemClock,
      storedUser: (user) => user,
      authority: OPEN,
      batchRecordsMax: 500,
      batchBytesMax: 1024 * 1024,
      checkpointRecords: 1_000_000,
      checkpointIntervalMs: DAY_MS,
      observer: { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} },
    });
    const heartbeat = new Heartbeat({
      log: ofGateway,
      clock: systemClock,
      intervalMs: 500,
      secret: 'of this process',
      metrics: createHeartbeatMetrics(registry),
      logger: createLogger({ level: 'silent' }),
    });
    const answered = async (partition: number): Promise<number> => {
      const { values } = await registry.getSingleMetric('ntk_heartbeat_answered_timestamp_seconds')!.get();
      return values.find(({ labels }) => labels['partition'] === String(partition))!.value;
    };
    const [first, second] = [await answered(0), await answered(1)];
    try {
      await scorer.start();
      heartbeat.start();
      await vi.waitFor(async () => expect(await answered(0)).toBeGreaterThan(first + 1), { timeout: 60_000, interval: 50 });
      expect(await answered(1)).toBe(second);
    } finally {
      await heartbeat.stop();
      await scorer.stop();
    }
  });

  test('is kept as long as the topic keeps its records, which is asked of the broker', async () => {
    expect(await ofGateway.retentionMs('access')).toBe(35 * DAY_MS);
    expect(await ofGateway.retentionMs('results')).toBe(35 * DAY_MS);
  });
});
