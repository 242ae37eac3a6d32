/**
 * Rows of the failure table (architecture.md) about what the log holds, with real processes on a real Kafka: records that cannot be
 * read, a log that was shortened or made anew, damaged checkpoints, another release.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { deleteTopics, moveStart } from '../../kafka/topics.ts';
import { Acknowledged } from './hosts.ts';
import type { Service } from './service.ts';
import { drained } from './drained.ts';
import { finalState, valuesOf } from './final-state.ts';
import { NOTHING_WRONG, Stage, wrongIn } from './stage.ts';

const MS_MAX = 600_000;
const ROOT = join(import.meta.dirname, '../../..');

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

const topic = (stream: string): string => `${stage.deployment.prefix}.${stream}.v1`;

interface Reject {
  readonly reason: string;
  readonly bytes: number;
}

describe('a host that writes to Kafka itself', () => {
  test('poison, oversized records and wrong encodings become rejects with a reason; the partition goes on', {
    timeout: MS_MAX,
  }, async () => {
    await stage.running(stage.scorer(), stage.writer());
    const kafka = new Kafka({ brokers: [stage.deployment.address], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const poison: (Buffer | null)[] = [
      Buffer.from('{"specversion":'),
      Buffer.from([0xff, 0xfe, 0x00, 0x01]),
      Buffer.from('{"a":"\xe9"}', 'latin1'),
      Buffer.from(''),
      Buffer.alloc(RECORD_BYTES_MAX + 1, 0x20),
      Buffer.alloc(3 * 1024 * 1024, 0x5b),
    ];
    const [sound] = stage.accesses(1, 0) as [string];
    for (const value of poison) await producer.send({ topic: topic('access'), acks: -1, messages: [{ value, partition: 0 }] });
    // Compressed as hosts may: the topic's own compression makes it one that can be read.
    const messages = [{ value: sound, partition: 0 }];
    await producer.send({ topic: topic('access'), acks: -1, compression: CompressionTypes.GZIP, messages });
    await producer.disconnect();
    await stage.send(stage.accesses(20, 0));
    const { state, wrong } = await stage.outcome();
    expect(wrong).toEqual(NOTHING_WRONG);
    const rejects = (await valuesOf(stage.log, 'rejects', 0)).map((text) => JSON.parse(text.toString()) as Reject);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'invalid_json',
      'invalid_json',
      'invalid_json',
      'invalid_json',
      'too_large',
      'too_large',
    ]);
    expect(state.rows).toBe(21);
  });

  test('a policy that does not check: the old one stays, and that is counted', { timeout: MS_MAX }, async () => {
    const scorer = stage.scorer();
    await stage.running(scorer, stage.writer());
    const bad = join(stage.deployment.folder, 'bad.yaml');
    writeFileSync(bad, 'version: 1\nlimits: [{ name: x }]\n');
    const good = await stage.deployment.command(['policy', 'apply', join(ROOT, 'test/conformance/policy.yaml')]);
    expect(good).toMatchObject({ code: 0 });
    expect(await stage.deployment.command(['policy', 'apply', bad])).toMatchObject({ code: 1 });
    // Of one program, and of everybody.
    expect(await stage.deployment.command(['standing', 'wx-nobody', 'banned'])).toMatchObject({ code: 0 });
    const users = join(stage.deployment.folder, 'users.txt');
    writeFileSync(users, 'nobody\n');
    expect(await stage.deployment.command(['erasure', users])).toMatchObject({ code: 0 });
    const policy = {
      specversion: '1.0',
      id: 'p1',
      source: 'owner',
      type: 'ntk.policy',
      subject: '*',
      time: '2026-10-01T00:00:00Z',
    };
    await stage.send([JSON.stringify({ ...policy, data: { version: 1, limits: [{ name: 'x' }] } })]);
    await stage.send(stage.accesses(20));
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    const hashes = await stage.warehouse.query<{ policy_hash: string }>(
      'SELECT DISTINCT policy_hash FROM ntk.access_results FINAL WHERE log_id = {logId:UUID}',
      { logId: stage.log.logId },
    );
    const [facts] = await stage.warehouse.query<Record<'standings' | 'erasures', string>>(
      `SELECT sum(facts['ntk.standing']) AS standings, sum(facts['ntk.erasure']) AS erasures FROM ntk.blocks FINAL WHERE log_id = {logId:UUID}`,
      { logId: stage.log.logId },
    );
    // What is said in every partition counts once.
    expect(Object.values(facts!).map(Number)).toEqual([1, 1]);
    const [inForce] = JSON.parse((await stage.deployment.command(['policy', 'log', '--json'])).stdout) as { hash: string }[];
    expect(hashes).toEqual([{ policy_hash: inForce!.hash }]);
    const metrics = await (await fetch(`${await scorer.url()}/metrics`)).text();
    expect(metrics).toMatch(/^ntk_policy_rejected_total(?:\{[^}]*\})? 1$/m);
  });
});

describe('a log that was shortened', () => {
  test('past the scorer: the partition stands still and /health names it, others go on; so does it once the gap is accepted', {
    timeout: MS_MAX,
  }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    await stage.send([...stage.accesses(50, 0), ...stage.accesses(50, 1)]);
    await stage.drained();
    await scorer.stop();
    await stage.send([...stage.accesses(50, 0), ...stage.accesses(50, 1)]);
    await moveStart(broker, topic('access'), 'end');
    await stage.send([...stage.accesses(10, 0), ...stage.accesses(10, 1)]);
    const told = (await stage.log.bounds('verdicts', 0)).end;
    await stage.running(scorer);
    await scorer.says(/stands still until somebody does what the reason says/);
    await stage.drained([1]);
    const { status, text } = await stage.health(scorer);
    expect([status, text]).toEqual([503, expect.stringMatching(/partition 0: .*will never be judged/)]);
    expect((await stage.log.bounds('verdicts', 0)).end).toBe(told);
    // As it says, while the scorer runs, which looks again by itself.
    const [, ...numbers] = /ntk accept-gap (\d+) (\d+) (\d+)/.exec(text)!;
    const flags = ['--data', join(stage.deployment.folder, 'scorer'), '--clickhouse', stage.clickhouseUrl];
    const accepted = await stage.deployment.command(['accept-gap', ...numbers, ...flags, '--yes', '--by', 'tester']);
    expect({ code: accepted.code, said: accepted.stderr }).toMatchObject({ code: 0 });
    await stage.drained();
    expect((await stage.log.bounds('verdicts', 0)).end).toBeGreaterThanOrEqual(told + 10);
    await stage.happens('it is well again', async () => (await stage.health(scorer)).status === 200);
    const report = await stage.deployment.command(['report', 'interceptions', ...flags, '--json']);
    expect(JSON.parse(report.stdout)).toMatchObject({ accesses: 50 + 50 + 50 + 10 + 10, quality: { complete: false } });
    expect(stage.deployment.endedByThemselves()).toEqual([]);
  });

  test('past the writer: the partition stands still and /health names it, others go on', { timeout: MS_MAX }, async () => {
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    await stage.send([...stage.accesses(50, 0), ...stage.accesses(50, 1)]);
    await stage.drained();
    await writer.stop();
    const before = (await stage.log.bounds('results', 0)).end;
    await stage.send([...stage.accesses(50, 0), ...stage.accesses(50, 1)]);
    await stage.happens('it is judged', async () => (await stage.log.bounds('results', 0)).end > before);
    await moveStart(broker, topic('results'), 'end');
    await stage.running(writer);
    await writer.says(/stands still until somebody does what the reason says/);
    await stage.send(stage.accesses(50, 1));
    await stage.drained([1]);
    const { status, text } = await stage.health(writer);
    expect([status, text]).toEqual([503, expect.stringMatching(/1 does not go on: partition 0: /)]);
    expect((await stage.health(scorer)).status).toBe(200);
    expect(stage.deployment.endedByThemselves()).toEqual([]);
  });
});

test('topics made anew and data folders wiped while ClickHouse stays: another log id, nothing overwritten', {
  timeout: MS_MAX,
}, async () => {
  const [scorer, writer] = [stage.scorer(), stage.writer()];
  await stage.running(scorer, writer);
  await stage.send(stage.accesses(200));
  const { state: first, wrong } = await stage.outcome();
  expect(wrong).toEqual(NOTHING_WRONG);
  // Nothing that counts is in a scorer's or writer's folder.
  for (const service of [scorer, writer]) {
    await service.kill();
    rmSync(join(stage.deployment.folder, service.name), { recursive: true });
  }
  await stage.running(scorer, writer);
  await stage.send(stage.accesses(50));
  const second = await stage.outcome();
  expect(second.wrong).toEqual(NOTHING_WRONG);
  expect(second.state.rows).toBe(first.rows + 50);

  await deleteTopics(broker, stage.deployment.prefix);
  await stage.happens('it is said', async () => (await stage.health(scorer)).status === 503);
  for (const service of [scorer, writer, stage.gateway]) await service.kill();
  await stage.running(stage.gateway, scorer, writer);
  await stage.send(stage.accesses(30));
  const anew = await stage.deployment.openLog();
  await drained(anew, stage.deployment);
  expect(anew.logId).not.toBe(stage.log.logId);
  const state = await finalState(anew, stage.warehouse);
  expect({ ...wrongIn(state, new Acknowledged()), rows: state.rows }).toEqual({ ...NOTHING_WRONG, rows: 30 });
  const [old] = await stage.warehouse.query<{ rows: string }>(
    'SELECT count() AS rows FROM ntk.access_results FINAL WHERE log_id = {logId:UUID}',
    { logId: stage.log.logId },
  );
  expect(Number(old!.rows)).toBe(first.rows + 50);
});

test('checkpoints that are damaged: the state is built from the log again', { timeout: MS_MAX }, async () => {
  const [scorer, writer] = [stage.scorer(), stage.writer()];
  await stage.running(scorer, writer);
  for (let i = 0; i < 5; i++) await stage.send(stage.accesses(300));
  await stage.drained();
  await scorer.stop();
  const spoiled: Record<string, number> = { manifest: 0, page: 0 };
  for (const partition of [0, 1]) {
    for await (const { key } of stage.log.readKeyed('checkpoints', partition, '')) {
      const [kind] = key.split('/') as [string];
      if (!(kind in spoiled)) continue;
      // Of the manifests in one partition, of the pages in the other.
      if ((kind === 'manifest') !== (partition === 0)) continue;
      spoiled[kind]!++;
      const value = Buffer.from('no checkpoint');
      await stage.log.commit({ puts: [{ stream: 'checkpoints', partition, key, value }] });
    }
  }
  expect(Object.values(spoiled).every((count) => count > 0)).toBe(true);
  await stage.running(scorer);
  await scorer.says(/"partition":0,"position":\d+,"refolded":[1-9]\d*,/);
  await scorer.says(/"partition":1,"position":\d+,"refolded":[1-9]\d*,/);
  await stage.send(stage.accesses(100));
  expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
});

describe('a release with another engine', () => {
  /** The same program with another number: blocks and checkpoints carry it. */
  function otherRelease(): Service {
    const folder = join(stage.deployment.folder, 'release');
    mkdirSync(folder);
    for (const part of ['bin', 'services', 'schemas', 'package.json'])
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const engine = join(folder, 'services/domain/engine.ts');
    const text = readFileSync(engine, 'utf8');
    writeFileSync(engine, text.replace(/ENGINE_VERSION = \d+/, 'ENGINE_VERSION = 4711'));
    return stage.deployment.service('scorer', 'other-release', [], {}, join(folder, 'bin/ntk.mjs'));
  }

  test('starts only from a clean end, else says how', { timeout: MS_MAX }, async () => {
    // No checkpoint but that of a clean end.
    const never = { NTK_CHECKPOINT_INTERVAL_MS: '3600000', NTK_CHECKPOINT_RECORDS: '100000000' };
    const [scorer, writer] = [stage.deployment.service('scorer', 'scorer', [], never), stage.writer()];
    await stage.running(scorer, writer);
    await stage.send(stage.accesses(300));
    await stage.drained();
    const other = otherRelease();
    await scorer.kill();
    await stage.running(other);
    await other.says(/stands still until somebody does what the reason says/);
    const { status, text } = await stage.health(other);
    expect([status, text]).toEqual([
      503,
      expect.stringMatching(/start the release that wrote it once more, stop it with SIGTERM/),
    ]);
    await other.stop();
    // As it says.
    await stage.running(scorer);
    await scorer.says(/partition taken[^]*partition taken/);
    expect(await scorer.stop()).toBe(0);
    await stage.running(other);
    await stage.send(stage.accesses(300));
    await stage.drained();
    await stage.happens('it is well', async () => (await stage.health(other)).status === 200);
    const engines = await stage.warehouse.query<{ engine: number; n: string }>(
      'SELECT engine, sum(accesses) AS n FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} GROUP BY engine ORDER BY engine',
      { logId: stage.log.logId },
    );
    expect(engines.map(({ n }) => Number(n))).toEqual([300, 300]);
    expect(engines.at(-1)!.engine).toBe(4711);
  });
});
