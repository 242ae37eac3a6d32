/** Rows of the failure table (architecture.md) about ClickHouse or Kafka being away, with real processes on a real Kafka. */
import { writeSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { freePort } from '../../free-ports.ts';
import { LogWatch } from './log-watch.ts';
import { NOTHING_WRONG, Stage } from './stage.ts';
import { percentile, Probe } from './verdict-latency.ts';

const MS_MAX = 600_000;
/** More as `npm run test:crash` runs it. */
const PROBES = process.env['NTK_CRASH_KILLS'] === undefined ? 60 : 120;
const LOOKS_MAX = 200;
/** Milliseconds. Not what is promised (operating.md), but what two of several test files at once on two cores still keep. */
const NOISE_MS = 250;
const SOON_MS = 45_000;

let broker: TestBroker;
let stage: Stage;
beforeAll(async () => {
  broker = await startBroker();
}, MS_MAX);
afterAll(async () => {
  await broker.stop();
}, MS_MAX);
beforeEach(async () => {
  stage = await Stage.open(broker);
}, MS_MAX);
afterEach(async () => {
  await stage.end();
}, MS_MAX);

describe('a writer', () => {
  test('that is killed between insert and commit stores no row twice in any total', { timeout: MS_MAX }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    const watch = new LogWatch(stage.log, broker, `${stage.deployment.prefix}.results.v1`);
    const over = new AbortController();
    const loading = (async () => {
      while (!over.signal.aborted) await stage.send(stage.accesses(50));
    })();
    let killed = 0;
    for (let looks = 0; looks < LOOKS_MAX && killed < 3; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      writer.freeze();
      if ((await watch.writing()) !== 'between intent and position') {
        writer.thaw();
        continue;
      }
      killed++;
      await writer.kill();
      writer.start();
      await writer.url();
    }
    over.abort();
    await loading;
    await watch.close();
    expect(killed).toBe(3);
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
  });

  test('with a ClickHouse in its own folder is killed and repeats what it intended', { timeout: MS_MAX }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.deployment.service('writer', 'own-clickhouse')];
    await stage.running(scorer, writer);
    for (let i = 0; i < 4; i++) {
      await stage.send(stage.accesses(200));
      await writer.kill();
      writer.start();
    }
    await writer.url();
    await stage.drained();
    expect(await writer.stop()).toBe(0);
    const verified = await stage.deployment.command(['verify', '--data', `${stage.deployment.folder}/own-clickhouse`]);
    expect({ code: verified.code, said: verified.stdout }).toEqual({ code: 0, said: expect.stringContaining('Proved') });
  });

  test('whose twin took its partitions while it stood still takes them back when the twin is gone', {
    timeout: MS_MAX,
  }, async () => {
    const [scorer, writer, twin] = [stage.scorer(), stage.writer(), stage.writer('twin')];
    await stage.running(scorer, writer);
    await stage.send(stage.accesses(100));
    await stage.drained();
    writer.freeze();
    await stage.running(twin);
    await stage.send(stage.accesses(100));
    await stage.drained();
    writer.thaw();
    await stage.send(stage.accesses(100));
    await writer.says(/another writer has taken the partition/);
    await twin.kill();
    await stage.send(stage.accesses(100));
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    await stage.happens('it is well again', async () => (await stage.health(writer)).status === 200);
  });
});

describe('ClickHouse away for a whole run', () => {
  test('verdicts keep their latency; when it returns, totals are exact', { timeout: MS_MAX }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    const probe = new Probe(stage);
    await probe.run(10);
    const withIt = await probe.run(PROBES);
    await stage.clickhouse.kill();
    const without = await probe.run(PROBES);
    await writer.says(/storing failed, trying again; blocks wait in the log/);
    await probe.close();
    expect((await stage.health(scorer)).status).toBe(200);
    await stage.happens('/health of the writer says that storing fails', async () => {
      const { status, text } = await stage.health(writer);
      return status === 200 && text.includes('storing fails and is tried again: UNREACHABLE');
    });
    const [p99With, p99Without] = [percentile(withIt, 0.99), percentile(without, 0.99)];
    writeSync(
      1,
      `from produce to verdict, ${PROBES} each, p50/p99 ms: with ClickHouse ${percentile(withIt, 0.5)}/${p99With}, without ${percentile(without, 0.5)}/${p99Without}\n`,
    );
    expect(p99Without).toBeLessThan(2 * p99With + NOISE_MS);
    stage.clickhouse.start();
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
  });
});

describe('Kafka away', () => {
  test('the gateway says 503 and when to come back, scorers wait, /health says so, nothing acknowledged is lost', {
    timeout: MS_MAX,
  }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    await stage.send(stage.accesses(300));
    await broker.kill();
    const askedMs = performance.now();
    const responses = await Promise.all(Array.from({ length: 8 }, () => stage.post(stage.accesses(10))));
    for (const { status, headers } of responses)
      expect([status, headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    // Not one after the other: each by itself would try for ten seconds.
    expect(performance.now() - askedMs).toBeLessThan(SOON_MS);
    for (const service of [stage.gateway, scorer, writer]) {
      await stage.happens(`${service.name} says that the log is away`, async () => {
        const { status, text } = await stage.health(service);
        const { checks } = JSON.parse(text) as { checks: { log: { ok: boolean; detail: string } } };
        return status === 503 && !checks.log.ok && /Kafka cannot be reached|the log has not answered/.test(checks.log.detail);
      });
    }
    await scorer.says(/scoring failed, trying again/);
    await broker.start();
    await stage.send(stage.accesses(100));
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    for (const service of [stage.gateway, scorer, writer])
      await stage.happens(`${service.name} is well again`, async () => (await stage.health(service)).status === 200);
    expect(stage.deployment.endedByThemselves()).toEqual([]);
  });

  test('services that start meanwhile wait and say so, and a command does not', { timeout: MS_MAX }, async () => {
    await stage.send(stage.accesses(50));
    await broker.kill();
    const port = await freePort();
    const scorer = stage.scorer('scorer', '--port', String(port));
    const [writer, idle] = [stage.writer(), stage.scorer('idle')];
    for (const service of [scorer, writer, idle]) service.start();
    await stage.happens('its /health says what it waits for', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      return response.status === 503 && /Kafka cannot be reached/.test(await response.text());
    });
    await idle.says(/the log cannot be opened yet, trying again/);
    // Told to stop while it waits it ends as it should.
    expect(await idle.stop()).toBe(0);
    const command = await stage.deployment.command(['policy', 'log']);
    expect([command.code, command.stderr]).toEqual([1, expect.stringMatching(/^error: .*Kafka cannot be reached.*\n$/)]);
    await broker.start();
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    expect((await stage.health(scorer)).status).toBe(200);
    expect(stage.deployment.endedByThemselves()).toEqual([]);
  });
});
