/** The gateway on a real broker: many requests in few transactions, and nothing acknowledged that is not there when the broker dies. */
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerGateway } from '../../services/gateway/gateway.ts';
import { TokenBook } from '../../services/gateway/tokens/token-book.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { Health } from '../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../services/platform/http/http-server.ts';
import { createLogger } from '../../services/platform/logger.ts';
import type { KafkaEventLog } from '../../services/platform/log/kafka/kafka-event-log.ts';
import { createGatewayMetrics } from '../../services/platform/metrics/gateway-metrics.ts';
import { event } from './running-gateway.ts';
import { startBroker, type TestBroker } from '../kafka/broker.ts';
import { allowKafkaItsTime } from '../kafka/shared-broker.ts';
import { TestLogs, textsOf } from '../platform/log/kafka/open-test-log.ts';

const TOKEN = 'token';
const PARTITIONS = 2;
const REQUESTS = 60;
const RECORDS_EACH = 5;

allowKafkaItsTime();

describe('the gateway on Kafka', () => {
  let broker: TestBroker;
  const logs = new TestLogs(() => broker);
  let log: KafkaEventLog;
  let prefix: string;
  let server: HttpServer;
  let url: string;
  let commits = 0;
  beforeAll(async () => {
    broker = await startBroker();
    prefix = logs.newPrefix();
    log = await logs.open(prefix, { partitions: PARTITIONS, tryingMs: 1_000 });
    server = createHttpServer({ host: '127.0.0.1', port: 0, health: new Health(), registry: new Registry() });
    const logger = createLogger({ level: 'silent' });
    await registerGateway(server.app, {
      log: { partitions: PARTITIONS, commit: (transaction) => (commits++, log.commit(transaction)) },
      tokens: new TokenBook({ file: null, systemToken: () => TOKEN, clock: systemClock, logger }),
      clock: systemClock,
      logger,
      metrics: createGatewayMetrics(new Registry()),
      limits: { commitTimeoutMs: 10_000 },
    });
    url = await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await logs.closeAll();
    await broker.stop();
  });

  const post = (records: readonly string[]): Promise<Response> =>
    fetch(`${url}/v1/events`, {
      method: 'POST',
      body: records.join('\n'),
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-ndjson' },
    });
  const batch = (name: string): string[] =>
    Array.from({ length: RECORDS_EACH }, (_, i) => event('host', { id: `${name}-${i}`, subject: `wx${i % 2}` }));

  async function stored(): Promise<string[]> {
    const all: string[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) all.push(...(await textsOf(log, 'access', partition)));
    return all;
  }

  test('puts many requests into few transactions, each record once and in order', async () => {
    const batches = Array.from({ length: REQUESTS }, (_, i) => batch(`a${i}`));
    const answers = await Promise.all(batches.map(post));
    expect(answers.map(({ status }) => status)).toEqual(batches.map(() => 202));
    expect(commits).toBeLessThan(REQUESTS / 2);
    const all = await stored();
    expect([...all].sort()).toEqual(batches.flat().sort());
    for (const records of batches) {
      for (const subject of ['wx0', 'wx1']) {
        const own = records.filter((record) => record.includes(`"${subject}"`));
        const places = own.map((record) => all.indexOf(record));
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
    }
  });

  test('says 503 while the broker is away; sent again until 202, everything acknowledged is there', async () => {
    const acknowledged: string[] = [];
    let refused = 0;
    let isBack = false;
    const sender = async (name: number): Promise<void> => {
      for (let i = 0; i < 1_000 && !(isBack && i > 20); i++) {
        const records = batch(`b${name}-${i}`);
        for (;;) {
          const response = await post(records);
          await response.arrayBuffer();
          if (response.status === 202) break;
          expect(response.status).toBe(503);
          expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
          refused++;
          await pause(100);
        }
        acknowledged.push(...records);
      }
    };
    const sending = [1, 2, 3].map(sender);
    while (acknowledged.length < 50) await pause(10);
    await broker.kill();
    while (refused === 0) await pause(10);
    await broker.start();
    const before = acknowledged.length;
    while (acknowledged.length === before) await pause(10);
    isBack = true;
    await Promise.all(sending);
    await logs.closeAll();
    log = await logs.open(prefix, { partitions: PARTITIONS });
    const all = new Set(await stored());
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged.filter((record) => !all.has(record))).toEqual([]);
  });
});
